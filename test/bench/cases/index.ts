import { targeted, type Case } from "../report";
import type { Bench } from "../runs";
import { opening, terraformed } from "./opening";
import { bySize, byEngines } from "./spread";
import { adding, auditing, drifting, resting, unchanged } from "./standing";
import { loaded } from "./loaded";

/**
 * By name, in the order in which they run. Openings come first: then nothing else stands. The bare commands are not tried one and two at a time where there are many: each
 * shop waits for its first health probe, so that they take up to twice as long as four at a time.
 */
export const cases: Readonly<Record<string, (bench: Bench) => Promise<Case>>> = {
  "open-1": (bench) => opening(bench, "open-1", 1, [1]),
  "open-10": (bench) => opening(bench, "open-10", 10, [8, 4, 10]),
  "open-25": (bench) => opening(bench, "open-25", 25, [8, 4, 16]),
  "open-100": async (bench) => {
    const found = await opening(bench, "open-100", 100, [8, 4, 16]);
    return targeted(targeted(found, "ratio", 2, "times"), "seconds", 90, "s");
  },
  "terraform-10": (bench) => terraformed(bench, "terraform-10", 10),
  "terraform-25": (bench) => terraformed(bench, "terraform-25", 25),
  "load-100": async (bench) => {
    const found = await loaded(bench, "load-100", 100);
    return targeted(targeted(found, "peakPssMiB", 2048, "MiB"), "p99Ratio", 1.1, "times");
  },
  ...Object.fromEntries(
    [1, 5, 10, 25, 50].map((size) => [
      `size-${size}`,
      (bench: Bench) => bySize(bench, `size-${size}`, 50, size),
    ]),
  ),
  ...Object.fromEntries(
    [1, 2, 4].map((engines) => [
      `engines-${engines}`,
      (bench: Bench) => byEngines(bench, `engines-${engines}`, 50, engines),
    ]),
  ),
  "add-1-to-100": async (bench) => targeted(await adding(bench, "add-1-to-100", 100), "ratio", 1.2, "times"),
  "unchanged-100": async (bench) =>
    targeted(await unchanged(bench, "unchanged-100", 100), "seconds", 10, "s"),
  "drift-100": (bench) => drifting(bench, "drift-100", 100),
  "audit-100": async (bench) => targeted(await auditing(bench, "audit-100", 100), "seconds", 5, "s"),
  "resting-10": async (bench) => targeted(await resting(bench, "resting-10", 10), "restingMiB", 64, "MiB"),
};
