import type { Registration } from "./merchants";
import type { Attempt, Misbehaviour, Order, Registered, Which, Whose } from "./types";

/** For tests and the demo: what a payer, a new merchant and a misbehaving gateway do, through the gateways' control interface. */
export class GatewayControl {
  /** @param url "http://127.0.0.1:9180" @param token the instance's secret `gateways-token` */
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws where nothing answers soon, or not to our token */
  async check(): Promise<void> {
    await this.#ask("GET", "", undefined, 3);
  }

  /** Makes a merchant known; what was registered for it before is replaced. */
  async register(merchant: Registration): Promise<Registered> {
    const answer = (await this.#ask("POST", "merchants", merchant)) as { registered: Registered };
    return answer.registered;
  }

  /** From now on, in place of what was asked for before; `{}` makes it behave. An order's own takes the place of its merchant's. */
  async misbehave(whose: Whose, how: Misbehaviour): Promise<void> {
    const { kind, merchant, outTradeNo } = whose;
    await this.#ask("PUT", "misbehaviour", { kind, merchant, outTradeNo, how });
  }

  /** The orders that shops opened, with the callbacks that were tried. */
  async orders(whose: Whose): Promise<readonly (Order & { readonly callbacks: readonly Attempt[] })[]> {
    const { kind, merchant, outTradeNo } = whose;
    const query = new URLSearchParams({
      kind,
      merchant,
      ...(outTradeNo === undefined ? {} : { outTradeNo }),
    });
    return (await this.#ask("GET", `orders?${query.toString()}`)) as (Order & { callbacks: Attempt[] })[];
  }

  /** The payer pays; callbacks follow by themselves. */
  async pay(which: Which): Promise<void> {
    await this.#ask("POST", "pay", nameOf(which));
  }

  /** Sends one more callback of a paid order, at once, and tells what came of it. It behaves unless `how.wrong` says otherwise. */
  async notify(which: Which, how: Pick<Misbehaviour, "wrong"> = {}): Promise<Attempt> {
    return (await this.#ask("POST", "notify", { ...nameOf(which), how })) as Attempt;
  }

  async #ask(method: string, path: string, body?: unknown, patienceSeconds = 30): Promise<unknown> {
    const answer = await fetch(`${this.url}/control/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, connection: "close" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceSeconds * 1000),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(`The gateways refused ${method} /control/${path} with HTTP ${answer.status}: ${text}`);
    return JSON.parse(text);
  }
}

const nameOf = ({ kind, merchant, outTradeNo }: Which): Which => ({ kind, merchant, outTradeNo });
