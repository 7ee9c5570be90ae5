import { table as renderTable } from "../../cli/table";

/** What one case measured, and what it is measured against. */
export interface Case {
  readonly name: string;
  /** Wall-clock seconds of what Substation does; absent where the case is about something else. */
  readonly seconds?: number;
  /** What it is measured against, in the same run; absent where there is nothing to compare with. */
  readonly baseline?: Baseline;
  /** Seconds by those of the baseline. */
  readonly ratio?: number;
  /** The aims, and whether they were met. Missing one is no failure of the run. */
  readonly targets?: readonly Target[];
  /** Why it was not measured; then there is nothing else. */
  readonly skipped?: string;
  /** Further figures, each with its unit in its name. */
  readonly [extra: string]: unknown;
}

export interface Baseline {
  /** In words: "bare commands". */
  readonly what: string;
  readonly seconds: number;
}

export interface Target {
  readonly figure: string;
  /** At most. */
  readonly limit: number;
  readonly unit: string;
  readonly met: boolean;
}

/** @param figure key of the case that the limit is for */
export const targeted = (found: Case, figure: string, limit: number, unit: string): Case => ({
  ...found,
  targets: [...(found.targets ?? []), { figure, limit, unit, met: Number(found[figure]) <= limit }],
});

export const against = (seconds: number, what: string, theirs: number) => ({
  seconds,
  baseline: { what, seconds: theirs },
  ratio: seconds / theirs,
});

/** With numbers that are no longer than they are true. */
export const rounded = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_key, part: unknown) => (typeof part === "number" ? round(part) : part)),
  ) as T;

/** For people: one line a case. */
export function table(cases: readonly Case[]): string {
  const shown = (value: number | undefined, digits: number) =>
    value === undefined ? "-" : value.toFixed(digits);
  const rows = cases.map((found) => {
    const { name, seconds, baseline, ratio, targets = [], skipped } = found;
    if (skipped !== undefined) return [name, "-", "-", "-", "-", `not measured: ${skipped}`];
    return [
      name,
      shown(seconds, 2),
      baseline ? `${shown(baseline.seconds, 2)} ${baseline.what}` : "-",
      shown(ratio, 2),
      targets.length > 0 ? targets.map(aim).join(", ") : "-",
      notes(found),
    ];
  });
  const head = ["case", "seconds", "against", "ratio", "targets", ""];
  return `${renderTable([head, ...rows]).join("\n")}\n`;
}

const aim = ({ figure, limit, unit, met }: Target): string => {
  const what = figure === "seconds" ? "" : `${words(figure)} `;
  return `${what}${limit}${unit === "times" ? " ×" : ` ${unit}`} ${met ? "met" : "MISSED"}`;
};

/** What the columns have no room for, in the order in which the case has it. */
const notes = ({ name: _n, seconds: _s, baseline: _b, ratio: _r, targets: _t, ...extra }: Case): string =>
  Object.entries(extra)
    .filter(([, value]) => typeof value === "number")
    .map(([key, value]) => `${words(key)} ${round(value as number)}`)
    .join(", ");

/** `peakPssMiB` as "peak pss MiB". */
const words = (key: string): string =>
  key
    .replaceAll(/(?<=[a-z])(?=[A-Z])(?!B\b)/g, " ")
    .replaceAll(/\b[A-Z](?=[a-z]{2})/g, (first) => first.toLowerCase());

const round = (value: number): number => Math.round(value * 100) / 100;

/** The middle one; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  if (low === undefined || high === undefined) throw new Error("the median of nothing was asked for");
  return (low + high) / 2;
}
