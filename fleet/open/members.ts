import { performance } from "node:perf_hooks";
import type { Member } from "../../config/open-report";
import type { Timing } from "../timing";
import type { Told } from "./events";
import type { Failure } from "./problems";

/** What became of the members of a group so far. Each is decided once, and told of then. */
export class Members {
  readonly #decided = new Map<string, Member>();
  readonly #changes = new Map<string, Timing>();
  readonly #began = performance.now();
  readonly #ids: string[];
  readonly #group: string;
  readonly #tell: (told: Told) => void;

  constructor({
    ids,
    group,
    tell,
  }: {
    readonly ids: readonly string[];
    readonly group: string;
    readonly tell: (told: Told) => void;
  }) {
    this.#ids = [...ids];
    this.#group = group;
    this.#tell = tell;
  }

  /** In the order of the files. */
  get all(): readonly Member[] {
    return this.#ids.flatMap((id) => this.#decided.get(id) ?? []);
  }

  /** Those of which nothing is decided. */
  get left(): readonly string[] {
    return this.#ids.filter((id) => !this.#decided.has(id));
  }

  /** What an update did to one. */
  changed(id: string, timing: Timing): void {
    this.#changes.set(id, timing);
  }

  /** One that no file asks for any more may fail too, and is a member from then on. */
  fail(id: string, failure: Failure): void {
    if (!this.#ids.includes(id)) this.#ids.push(id);
    this.#decide({ outcome: "failed", id, group: this.#group, ...failure });
  }

  leave(id: string, why: string): void {
    this.#decide({ outcome: "not-tried", id, group: this.#group, why });
  }

  leaveRest(why: string): void {
    for (const id of this.left) this.leave(id, why);
  }

  /** @param proof its file; undefined where none was asked for */
  open(id: string, url: string, proof: string | undefined, isNew: boolean): void {
    const { changes = 0, total = 0 } = this.#changes.get(id) ?? {};
    const done = { id, group: this.#group, url, ...(proof === undefined ? {} : { proof }) };
    this.#decide(
      changes === 0 && !isNew
        ? { outcome: "unchanged", ...done }
        : { outcome: "open", ...done, changes, seconds: Math.round(total * 10) / 10 },
    );
  }

  #decide(member: Member): void {
    if (this.#decided.has(member.id)) return;
    this.#decided.set(member.id, member);
    const seconds = Math.round((performance.now() - this.#began) / 100) / 10;
    this.#tell({ event: "member", member, seconds });
  }
}
