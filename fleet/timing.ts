import type { EngineEvent, StepMetadata } from "./pulumi";

/** The parts that a substation is opened in, in their order. */
export const parts = ["secrets", "database", "migration", "container", "name"] as const;
export type Part = (typeof parts)[number];

/** What an update did to one substation. */
export interface Timing {
  /** Resources that were created, changed, replaced or deleted. */
  changes: number;
  /** Seconds from the first to the last event of a part that changed. */
  readonly seconds: Partial<Record<Part, number>>;
  /** Seconds from its first change to its last, all parts. */
  total: number;
}

/** Listens to the events of an update and tells, by substation, what took how long. */
export class Timings {
  readonly #spans = new Map<string, Map<Part, [number, number]>>();
  readonly #changes = new Map<string, number>();
  #done = 0;

  /** @param now milliseconds of a clock that does not jump */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Resources that have been finished, changed or not. */
  get finished(): number {
    return this.#done;
  }

  readonly listen = (event: EngineEvent): void => {
    const metadata = event.resourcePreEvent?.metadata ?? event.resOutputsEvent?.metadata;
    if (!metadata) return;
    const ended = event.resOutputsEvent !== undefined;
    if (ended) this.#done++;
    const id = substationOf(metadata);
    const part = partOf(metadata);
    if (!id || !part || metadata.op === "same" || metadata.op === "refresh") return;
    const spans = this.#spans.get(id) ?? new Map<Part, [number, number]>();
    this.#spans.set(id, spans);
    const at = this.now();
    spans.set(part, [spans.get(part)?.[0] ?? at, at]);
    if (ended) this.#changes.set(id, (this.#changes.get(id) ?? 0) + 1);
  };

  of(id: string): Timing {
    const spans = this.#spans.get(id) ?? new Map<Part, [number, number]>();
    const seconds: Partial<Record<Part, number>> = {};
    for (const [part, [from, to]] of spans) seconds[part] = (to - from) / 1000;
    const ends = [...spans.values()];
    const total =
      ends.length === 0
        ? 0
        : (Math.max(...ends.map((e) => e[1])) - Math.min(...ends.map((e) => e[0]))) / 1000;
    return { changes: this.#changes.get(id) ?? 0, seconds, total };
  }
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

/** The id of the substation that a step belongs to, by its parent. */
export function substationOf({ new: after, old: before }: StepMetadata): string | undefined {
  const parent = after?.parent ?? before?.parent ?? "";
  return parent.includes("::substation:index:Substation::") ? nameOf(parent) : undefined;
}

/** The part that a resource of a substation belongs to; undefined for what is of none, such as the component itself. */
export function partOf({ type, urn }: Pick<StepMetadata, "type" | "urn">): Part | undefined {
  if (type.startsWith("random:")) return "secrets";
  if (type.startsWith("postgresql:")) return "database";
  if (type.startsWith("cloudflare:")) return "name";
  if (type === "docker:index/volume:Volume") return "migration";
  if (type === "docker:index/container:Container")
    return nameOf(urn).endsWith("-migrate") ? "migration" : "container";
  return undefined;
}
