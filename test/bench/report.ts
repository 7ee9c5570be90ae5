import { table as renderTable } from "../../cli/table";
import type { Machine } from "./machine";

/** What one case measured, and what it is measured against. */
export interface Case {
  readonly name: string;
  /** Wall-clock seconds of what Substation does; absent where the case is about memory. */
  readonly seconds?: number;
  /** The bare commands, in the same run; absent where there is nothing to compare with. */
  readonly baselineSeconds?: number;
  readonly ratio?: number;
  /** The aim, and whether it was met. Missing it is no failure of the run. */
  readonly target?: Target;
  /** Further figures, each with its unit in its name. */
  readonly [extra: string]: unknown;
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
  target: { figure, limit, unit, met: Number(found[figure]) <= limit },
});

/** For machines. A figure that does not exist is null, so that each case has the same keys. */
export function json(machine: Machine, cases: readonly Case[]): string {
  const rows = cases.map(({ name, seconds, baselineSeconds, ratio, ...rest }) => ({
    name,
    seconds: seconds ?? null,
    baselineSeconds: baselineSeconds ?? null,
    ratio: ratio ?? null,
    ...rest,
  }));
  return `${JSON.stringify({ machine, cases: rows }, (_key, value: unknown) => (typeof value === "number" ? round(value) : value), 2)}\n`;
}

/** For people: one line a case. */
export function table(cases: readonly Case[]): string {
  const shown = (value: number | undefined, digits: number) =>
    value === undefined ? "-" : value.toFixed(digits);
  const rows = cases.map((found) => [
    found.name,
    shown(found.seconds, 2),
    shown(found.baselineSeconds, 2),
    shown(found.ratio, 2),
    found.target ? aim(found.target) : "-",
    found.target ? (found.target.met ? "met" : "MISSED") : "-",
    notes(found),
  ]);
  const head = ["case", "seconds", "bare s", "ratio", "target", "", ""];
  return `${renderTable([head, ...rows]).join("\n")}\n`;
}

const aim = ({ figure, limit, unit }: Target): string =>
  figure === "ratio" ? `${limit} × bare` : `${limit} ${unit}`;

/** What the columns have no room for, in the order in which the case has it. */
const notes = ({
  name: _name,
  seconds: _s,
  baselineSeconds: _b,
  ratio: _r,
  target: _t,
  ...extra
}: Case): string =>
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
