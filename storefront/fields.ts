/**
 * One object of the file, read key by key. A problem is reported and reading goes on, so that all of them are told at once.
 *
 * By hand, because a schema library would double the heap of a resting shop (there may be a hundred on a host) for these few fields.
 */
export class Fields {
  constructor(
    private readonly values: Record<string, unknown>,
    private readonly prefix: string,
    private readonly report: (line: string) => unknown,
  ) {}

  /** The names of what is there, in the file's order. */
  keys(): readonly string[] {
    return Object.keys(this.values);
  }

  value(key: string): unknown {
    return this.values[key];
  }

  problem(key: string, must: string): void {
    const seen = JSON.stringify(this.values[key])?.slice(0, 80) ?? "nothing";
    this.report(`${this.prefix}${key} ${must}, found ${seen}`);
  }

  /** A problem whose value is never shown. */
  hiddenProblem(key: string, why: string): void {
    this.report(`${this.prefix}${key} ${why}`);
  }

  text(key: string, shape = /\S/): string {
    const value = this.values[key];
    if (typeof value === "string" && shape.test(value)) return value;
    this.problem(
      key,
      shape.source === "\\S" ? "must be a text that is not empty" : `must match ${shape.source}`,
    );
    return "";
  }

  /** A text whose value is never shown. */
  secret(key: string, shape = /\S/): string {
    const value = this.values[key];
    if (typeof value === "string" && shape.test(value)) return value;
    const fault =
      value === undefined
        ? "is missing"
        : typeof value !== "string"
          ? "must be a text"
          : value.trim() === ""
            ? "is empty"
            : `must match ${shape.source}`;
    this.hiddenProblem(key, fault);
    return "";
  }

  integer(key: string, least: number, most: number): number {
    const value = this.values[key];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    this.problem(key, `must be a whole number from ${least} to ${most}`);
    return least;
  }

  /** Like `integer`; `missing` where the key is not there. */
  optionalInteger<T>(key: string, least: number, most: number, missing: T): number | T {
    return this.values[key] === undefined ? missing : this.integer(key, least, most);
  }

  boolean(key: string): boolean {
    const value = this.values[key];
    if (typeof value !== "boolean") this.problem(key, "must be true or false");
    return value === true;
  }

  /** A list of texts or whole numbers, each of which `is` must hold for. */
  list<T extends string | number>(key: string, must: string, is: (item: unknown) => item is T): readonly T[] {
    const value = this.values[key];
    if (Array.isArray(value) && value.every(is)) return value;
    this.problem(key, must);
    return [];
  }

  /** Every key is a text; the values are shown in problems unless they are `secret`. */
  texts(secret: "secret" | "plain"): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.keys().map((key) => [key, secret === "secret" ? this.secret(key) : this.text(key)]),
    );
  }

  url(key: string): string {
    const value = this.values[key];
    if (typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value)) return value;
    this.problem(key, "must be an http or https address");
    return "";
  }

  /** Like `object`; one without keys where it is not there. */
  optionalObject(key: string): Fields {
    return this.values[key] === undefined ? new Fields({}, "", () => undefined) : this.object(key);
  }

  /** Each object of a list; none where the key is not there. */
  optionalObjects(key: string): readonly Fields[] {
    const value = this.values[key];
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isObject))
      return value.map((item, i) => new Fields(item, `${this.prefix}${key}[${i}].`, this.report));
    this.problem(key, "must be a list of objects");
    return [];
  }

  object(key: string): Fields {
    const value = this.values[key];
    if (isObject(value)) return new Fields(value, `${this.prefix}${key}.`, this.report);
    this.problem(key, "must be an object");
    return new Fields({}, "", () => undefined);
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
