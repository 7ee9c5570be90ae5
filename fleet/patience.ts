import { urnName } from "../policies/facts/steps";
import type { EngineEvent, StepMetadata } from "./pulumi";

/** For how long an engine may say nothing, in milliseconds. */
export interface PatienceLimits {
  /** It is told of then, and after as long again. @default 1 minute */
  readonly tell?: number;
  /** It is asked to stop. No part waits longer by time-outs of its own (`components/retry.ts`). @default 15 minutes */
  readonly stop?: number;
  /** The same, once somebody has asked it to stop. @default 5 minutes */
  readonly stopped?: number;
  /** It is ended by force, so long after that. @default 1 minute */
  readonly kill?: number;
}

/** An engine that says nothing: one of its providers waits for an answer that may never come. */
export interface Silence {
  readonly seconds: number;
  /** That have begun and not ended. */
  readonly steps: readonly StepMetadata[];
}

export interface PatienceOptions {
  readonly limits?: PatienceLimits;
  /** Hears of each silence that lasts. */
  readonly onSilence?: (silence: Silence) => void;
  /** Whether so many steps are all held back by whoever runs the engine, so that it has nothing to say. @default none is */
  readonly isHeldBack?: (steps: number) => boolean;
}

/** What groups others, and is under way as long as they are. */
const isFrame = (type: string): boolean => /^(?:pulumi:pulumi:|substation:)/.test(type);

/**
 * Ends an engine that says nothing for too long, such as one whose Docker took a request and never answers: else it would wait for ever. It is asked first (SIGINT), and ended
 * by force where it cannot: the next run repairs what a killed one leaves.
 */
export class Patience {
  readonly #underWay = new Map<string, StepMetadata>();
  readonly #limits: Required<PatienceLimits>;
  readonly #timer: NodeJS.Timeout;
  #pid: number | undefined;
  #last = performance.now();
  #told = 0;
  #lost: Silence | undefined;
  #lostAt = 0;

  /** @param signal by which somebody asks the engine to stop */
  constructor(
    private readonly options: PatienceOptions = {},
    private readonly signal?: AbortSignal,
  ) {
    const minute = 60_000;
    this.#limits = { tell: minute, stop: 15 * minute, stopped: 5 * minute, kill: minute, ...options.limits };
    this.#timer = setInterval(() => this.#look(), Math.min(1000, this.#limits.tell / 4));
    this.#timer.unref();
  }

  /** The silence for which the engine was ended; undefined where it was not. */
  get lost(): Silence | undefined {
    return this.#lost;
  }

  readonly spawned = (pid: number): void => {
    this.#pid = pid;
  };

  readonly listen = ({ resourcePreEvent, resOutputsEvent, resOpFailedEvent }: EngineEvent): void => {
    this.#hears();
    const ended = resOutputsEvent ?? resOpFailedEvent;
    if (ended) this.#underWay.delete(ended.metadata.urn);
    if (resourcePreEvent && !isFrame(resourcePreEvent.metadata.type))
      this.#underWay.set(resourcePreEvent.metadata.urn, resourcePreEvent.metadata);
  };

  /** To be called when the engine has ended. */
  end(): void {
    clearInterval(this.#timer);
  }

  #hears(): void {
    this.#last = performance.now();
    this.#told = 0;
  }

  #look(): void {
    const now = performance.now();
    const { tell, stop, stopped, kill } = this.#limits;
    if (this.#lost) {
      if (now - this.#lostAt > kill) this.#signal("SIGKILL");
      return;
    }
    if (this.#underWay.size > 0 && this.options.isHeldBack?.(this.#underWay.size)) return this.#hears();
    const silent = now - this.#last;
    const silence = { seconds: Math.round(silent / 1000), steps: [...this.#underWay.values()] };
    if (silent >= (this.#told + 1) * tell) {
      this.#told++;
      this.options.onSilence?.(silence);
    }
    if (silent < (this.signal?.aborted ? Math.min(stop, stopped) : stop)) return;
    [this.#lost, this.#lostAt] = [silence, now];
    this.#signal("SIGINT");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#pid === undefined) return;
    try {
      process.kill(this.#pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has just ended
    }
  }
}

/** Steps that are named in a sentence. */
const namedSteps = 5;

/** Why an engine came to no end of its own. */
export const lostText = (silence: Silence): string => `the engine ${silenceText(silence)}, and was stopped`;

/** "said nothing for 60 s while it waited for Container jia, DnsRecord yi" */
export function silenceText({ seconds, steps }: Silence): string {
  const names = steps.map(({ type, urn }) => `${type.split(":").at(-1)} ${urnName(urn)}`);
  const more = names.length > namedSteps ? ` and ${names.length - namedSteps} more` : "";
  const what =
    names.length === 0 ? "" : ` while it waited for ${names.slice(0, namedSteps).join(", ")}${more}`;
  return `said nothing for ${seconds} s${what}`;
}
