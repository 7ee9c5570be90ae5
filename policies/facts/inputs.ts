/**
 * Reads a resource's inputs, none of which need be known. What is not known yet (Pulumi's policy SDK throws where it is looked at; in a program it is an output or a
 * promise), or is of another kind than it must be, is noted by its path and read as absent; nothing here throws for what stands in a plan. What was never asked for is
 * remembered too: see `unread`.
 */
export class Inputs {
  readonly #read = new Set<string>();
  readonly #unknown: string[] = [];
  readonly #parts: Inputs[] = [];

  constructor(
    private readonly values: object,
    private readonly path = "",
  ) {}

  string(key: string): string | undefined {
    return this.#get(key, (value): value is string => typeof value === "string");
  }

  number(key: string): number | undefined {
    return this.#get(key, (value): value is number => typeof value === "number");
  }

  boolean(key: string): boolean | undefined {
    return this.#get(key, (value): value is boolean => typeof value === "boolean");
  }

  /** The provider's default, where there is nothing; undefined, where there is something that cannot be read. */
  booleanOr(key: string, fallback: boolean): boolean | undefined {
    return this.boolean(key) ?? (this.has(key) ? undefined : fallback);
  }

  /** The same for a number. */
  numberOr(key: string, fallback: number): number | undefined {
    return this.number(key) ?? (this.has(key) ? undefined : fallback);
  }

  /** Empty where there are none. */
  strings(key: string): string[] {
    const list = this.#list(key);
    return list ? list.#keys().flatMap((at) => list.string(at) ?? []) : [];
  }

  /** The parts of a list of objects. */
  objects(key: string): Inputs[] {
    const list = this.#list(key);
    return list ? list.#keys().flatMap((at) => list.object(at) ?? []) : [];
  }

  /** Text, a number or a truth value. */
  scalar(key: string): string | number | boolean | undefined {
    return this.#get(key, isScalar);
  }

  /** Text by key; numbers and truth values as text. */
  map(key: string): Record<string, string> {
    const part = this.object(key);
    if (!part) return {};
    const entries = part.#keys().flatMap((at): [string, string][] => {
      const value = part.scalar(at);
      return value === undefined ? [] : [[at, String(value)]];
    });
    return Object.fromEntries(entries);
  }

  object(key: string): Inputs | undefined {
    const found = this.#get(
      key,
      (value): value is object => typeof value === "object" && !Array.isArray(value),
    );
    return found && this.#part(key, found);
  }

  /** Whether there is anything, known or not: all that may be asked of a secret. */
  has(key: string): boolean {
    this.#read.add(key);
    const found = look(this.values, key);
    return found === unknown || isSet(found);
  }

  /** Paths of what was asked for and is not known. */
  unknown(): string[] {
    return [...this.#unknown, ...this.#parts.flatMap((part) => part.unknown())];
  }

  /** Paths of what is set and was never asked for, here and in all parts. */
  unread(): string[] {
    const here = this.#keys().filter((key) => !this.#read.has(key) && this.has(key));
    return [...here.map((key) => this.#pathOf(key)), ...this.#parts.flatMap((part) => part.unread())];
  }

  #list(key: string): Inputs | undefined {
    const found = this.#get(key, (value): value is unknown[] => Array.isArray(value));
    return found && this.#part(key, found);
  }

  #part(key: string, values: object): Inputs {
    const part = new Inputs(values, this.#pathOf(key));
    this.#parts.push(part);
    return part;
  }

  #get<T>(key: string, wanted: (value: unknown) => value is T): T | undefined {
    this.#read.add(key);
    const found = look(this.values, key);
    if (found === undefined || found === null) return undefined;
    if (found !== unknown && wanted(found)) return found;
    this.#unknown.push(this.#pathOf(key));
    return undefined;
  }

  /** Without Pulumi's own, such as `__defaults`. */
  #keys(): string[] {
    return Object.keys(this.values).filter((key) => !key.startsWith("__"));
  }

  #pathOf(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }
}

const unknown = Symbol("unknown");

function look(values: object, key: string): unknown {
  try {
    const value = (values as Record<string, unknown>)[key];
    return isOutput(value) ? unknown : value;
  } catch (error) {
    // The policy SDK's UnknownValueError, told by what it alone has: the SDK is not loaded here.
    if (typeof error === "object" && error !== null && "unknownTypeSentinel" in error) return unknown;
    throw error;
  }
}

/** An output or a promise, in the inputs of a program that runs. */
const isOutput = (value: unknown): boolean =>
  typeof value === "function" ||
  (typeof value === "object" &&
    value !== null &&
    (typeof (value as { apply?: unknown }).apply === "function" ||
      typeof (value as { then?: unknown }).then === "function"));

const isScalar = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

/** A provider fills in `false`, 0 and empty lists for what nobody asked for. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
