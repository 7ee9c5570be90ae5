import { printable } from "../../config/problem";
import { mostWords, type ProofStep, type Purchase } from "../../config/proof";

/** A step that came to no good end: what was seen, and what to do about it. */
export class Failed extends Error {
  override readonly name = "Failed";
  constructor(
    what: string,
    readonly remedy: string,
    readonly purchase?: Purchase,
  ) {
    super(what);
  }
}

/** What a step that went well has to say. */
export interface Seen {
  readonly what: string;
  readonly outcome?: "ok" | "stopped-before-payment";
  readonly purchase?: Purchase;
}

type Title = Pick<ProofStep, "step" | "channel">;

/** Takes steps one after the other, and takes down what came of each. */
export class Ledger {
  readonly steps: ProofStep[] = [];

  /** @param note hears the title of each step as it begins */
  constructor(private readonly note: (what: string) => void) {}

  /**
   * Takes a step, unless one that it needs did not go well; a failure is taken down, whatever was thrown.
   * @param needs steps of the same ledger
   */
  async take(
    title: Title,
    needs: readonly ProofStep[],
    work: () => Seen | Promise<Seen>,
  ): Promise<ProofStep> {
    const missing = needs.find(({ outcome }) => outcome === "failed" || outcome === "not-tried");
    if (missing)
      return this.#add({
        ...title,
        outcome: "not-tried",
        what: `since ${nameOf(missing)} ${missing.outcome === "failed" ? "failed" : "was not tried"}`,
        milliseconds: 0,
      });
    this.note(nameOf(title));
    const started = performance.now();
    const taken = (): number => Math.round(performance.now() - started);
    try {
      const { outcome = "ok", ...seen } = await work();
      return this.#add({ ...title, outcome, ...seen, milliseconds: taken() });
    } catch (error) {
      const { message } = error as Error;
      const told =
        error instanceof Failed
          ? error
          : new Failed(message, "Run it again; if it stays, see docs/opening.md.");
      const { remedy, purchase } = told;
      return this.#add({
        ...title,
        outcome: "failed",
        what: told.message,
        remedy,
        milliseconds: taken(),
        ...(purchase ? { purchase } : {}),
      });
    }
  }

  #add(seen: ProofStep): ProofStep {
    const step = { ...seen, what: words(seen.what) || "no reason was given" };
    if (step.purchase) step.purchase = cleaned(step.purchase);
    this.steps.push(step);
    return step;
  }
}

/** Some of it is a shop's or a gateway's, which may be of any length and hold anything: a proof keeps only so much, and people read it on a terminal. */
const words = (text: string): string => printable(text).slice(0, mostWords);

const cleaned = (purchase: Purchase): Purchase => ({
  ...purchase,
  goods: words(purchase.goods),
  ...(purchase.outTradeNo === undefined ? {} : { outTradeNo: words(purchase.outTradeNo) }),
  ...(purchase.gateway === undefined ? {} : { gateway: words(purchase.gateway) }),
});

/** "purchase by alipay". */
export const nameOf = ({ step, channel }: Title): string =>
  channel === undefined ? step : `${step} by ${channel}`;
