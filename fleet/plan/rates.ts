import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";

/** How long openings took on this machine: `.substation/rates.json`, written by each, read by each plan. */
const rateSchema = z.strictObject({
  /** RFC 3339. */
  when: z.string(),
  /** Substations that were created. */
  members: z.int().positive(),
  engines: z.int().positive(),
  /** From the first look to the last proof. */
  seconds: z.number().positive(),
});
const fileSchema = z.strictObject({ version: z.literal(1), batches: z.array(rateSchema) });

export type Rate = z.infer<typeof rateSchema>;

/** Batches that are kept, the newest. */
const kept = 50;

/** A batch of one takes `once + each`. Seconds, measured on two cores: README.md, "Benchmark". */
const measured = { once: 3.2, each: 1.4, cores: 2 };

const fileOf = (root: string): string => join(root, ".substation", "rates.json");

/** What was measured so far; nothing where that file is not there or not readable: it is worth no more than a guess. */
export function readRates(root: string): readonly Rate[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(fileOf(root), "utf8"))).batches;
  } catch {
    return [];
  }
}

/** Keeps how long a batch took. Of two that end at one time one may be lost; and on a full disk nothing is kept, which spoils a guess and must not spoil the report of the batch. */
export function keepRate(root: string, rate: Rate): void {
  const file = fileOf(root);
  const batches = [...readRates(root), rate].slice(-kept);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ version: 1, batches }, undefined, 1)}\n`);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    return;
  }
}

/**
 * Seconds for so many substations: a straight line through what was measured.
 * @returns what it takes at all, and for each; and where that comes from, for people
 */
export function estimate(
  rates: readonly Rate[],
  members: number,
): { readonly seconds: number; readonly source: string } {
  if (members === 0) return { seconds: measured.once, source: "nothing is created" };
  if (rates.length === 0) {
    const cores = availableParallelism();
    return {
      seconds:
        measured.once + (measured.each * members * measured.cores) / Math.min(cores, 2 * measured.cores),
      source: `no opening was measured here yet: ${measured.once} s and ${measured.each} s for each, from README.md's benchmark on ${measured.cores} cores, for ${cores}`,
    };
  }
  const { once, each } = line(rates);
  return {
    seconds: once + each * members,
    source: `${rates.length} openings here: ${once.toFixed(1)} s and ${each.toFixed(2)} s for each`,
  };
}

/** Least squares; where all batches were of about one size, the part that is paid once is taken from the benchmark. */
function line(rates: readonly Rate[]): { readonly once: number; readonly each: number } {
  const n = rates.length;
  const mean = (of: (rate: Rate) => number) => rates.reduce((sum, rate) => sum + of(rate), 0) / n;
  const [x, y] = [mean(({ members }) => members), mean(({ seconds }) => seconds)];
  const spread = mean(({ members }) => (members - x) ** 2);
  const slope = mean(({ members, seconds }) => (members - x) * (seconds - y)) / spread;
  if (spread > 0 && slope > 0 && y - slope * x >= 0) return { once: y - slope * x, each: slope };
  const once = Math.min(measured.once, y / 2);
  return { once, each: (y - once) / x };
}
