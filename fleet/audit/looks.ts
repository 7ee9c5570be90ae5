import type { FactKind } from "../../policies/rules/facts";
import type { Rule } from "../../policies/rules/rule";
import type { Blind } from "./report";

/** Keeps what could not be looked at, so that one server that is away does not hide what the others show. */
export class Looks {
  readonly blind: Blind[] = [];
  readonly #unseen = new Set<FactKind>();

  /**
   * @param what in words, e.g. "the DNS zone shops.example.com"
   * @param kinds of which there are no facts, or not all, where the look fails
   * @param remedy what to do, for an error that is known
   * @returns undefined where the look failed
   */
  async at<T>(
    what: string,
    kinds: readonly FactKind[],
    look: Promise<T>,
    remedy: (error: unknown) => string | undefined = () => undefined,
  ): Promise<T | undefined> {
    try {
      return await look;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      // An error of a connection that has several addresses says nothing by itself.
      const why = said || (error as { code?: string }).code || "no reason was given";
      this.miss(what, kinds, [`${firstLines(why)}.`, remedy(error)].filter(Boolean).join(" "));
      return undefined;
    }
  }

  miss(what: string, kinds: readonly FactKind[], why: string): void {
    this.blind.push({ what, why });
    for (const kind of kinds) this.#unseen.add(kind);
  }

  /** Whether a rule can judge by what was seen: one that takes all facts of a kind together would take what was not seen for missing. */
  allow(rule: Rule): boolean {
    return rule.kind !== "fleet" || !(rule.needs ?? []).some((kind) => this.#unseen.has(kind));
  }
}

const firstLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(0, 3)
    .join("; ")
    .replace(/\.+$/, "");
