import type { OpenStep } from "../../config/open-report";
import { substationOf, urnName } from "../../policies/facts/steps";
import { isIdle, plainText } from "../plan";
import type { EngineEvent, StepMetadata } from "../pulumi";
import { partOf } from "../timing";

/** Something that an engine said of a resource, or of nothing in particular. */
export interface Said {
  /** The member that it concerns, where that can be told. */
  readonly id: string | undefined;
  readonly step: OpenStep | undefined;
  readonly text: string;
}

/** Listens to an engine and sorts by member what it does and what goes wrong. */
export class Watch {
  readonly #owners = new Map<string, string>();
  readonly #failed = new Map<string, { readonly id: string; readonly step: OpenStep }>();
  readonly #finished = new Set<string>();
  readonly #begun = new Set<string>();
  readonly #said: Said[] = [];

  /**
   * @param ids of all members of the group
   * @param onStep hears when a step of a member begins
   */
  constructor(
    private readonly ids: readonly string[],
    private readonly onStep: (id: string, step: OpenStep) => void = () => undefined,
  ) {}

  /** Errors in the order in which they came. */
  get said(): readonly Said[] {
    return this.#said;
  }

  /** Members of which a resource failed, with the step of the first. */
  get failed(): ReadonlyMap<string, OpenStep> {
    const first = new Map<string, OpenStep>();
    for (const { id, step } of this.#failed.values()) if (!first.has(id)) first.set(id, step);
    return first;
  }

  /** Whether everything was done to a resource that was planned. */
  isFinished(urn: string): boolean {
    return this.#finished.has(urn) && !this.#failed.has(urn);
  }

  readonly listen = ({
    resourcePreEvent,
    resOutputsEvent,
    resOpFailedEvent,
    diagnosticEvent,
  }: EngineEvent): void => {
    if (resourcePreEvent) this.#begin(resourcePreEvent.metadata);
    if (resOutputsEvent && !isIdle(resOutputsEvent.metadata.op))
      this.#finished.add(resOutputsEvent.metadata.urn);
    if (resOpFailedEvent) {
      const { metadata } = resOpFailedEvent;
      const id = this.#ownerOf(metadata.urn, metadata);
      if (id !== undefined) this.#failed.set(metadata.urn, { id, step: stepOf(metadata) });
    }
    if (diagnosticEvent?.severity === "error") {
      const { urn = "", message } = diagnosticEvent;
      const id = this.#ownerOf(urn);
      const [, , types = ""] = urn.split("::");
      const step = id === undefined ? undefined : partOf({ type: types.split("$").at(-1) ?? "", urn });
      this.#said.push({ id, step, text: plainText(message).trim() });
    }
  };

  #begin(metadata: StepMetadata): void {
    const id = this.#ownerOf(metadata.urn, metadata);
    const step = partOf(metadata);
    if (id === undefined || step === undefined || isIdle(metadata.op) || this.#begun.has(`${id} ${step}`))
      return;
    this.#begun.add(`${id} ${step}`);
    this.onStep(id, step);
  }

  #ownerOf(urn: string, metadata?: StepMetadata): string | undefined {
    const known = this.#owners.get(urn);
    if (known !== undefined) return known;
    const parent = metadata && (metadata.new ?? metadata.old)?.parent;
    const id = (metadata && substationOf({ type: metadata.type, urn, parent }, "")?.id) ?? this.#byName(urn);
    if (id !== undefined) this.#owners.set(urn, id);
    return id;
  }

  /** Of what fails before its step begins, the engine tells the URN alone: a child's name begins with the id, as `Substation` gives it. */
  #byName(urn: string): string | undefined {
    if (!urn.includes("substation:index:Substation")) return undefined;
    const name = urnName(urn);
    return this.ids
      .filter((id) => name === id || name.startsWith(`${id}-`) || name.startsWith(`${id}.`))
      .sort((a, b) => b.length - a.length)[0];
  }
}

const stepOf = (resource: Pick<StepMetadata, "type" | "urn">): OpenStep => partOf(resource) ?? "plan";
