import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { batchOf } from "./batch";
import { mebibytes } from "./cases/standing";
import { inParallel } from "./commands";
import type { Machine } from "./machine";
import { parseStat } from "./processes";
import { against, median, table, targeted, type Case } from "./report";
import { keepResult, readResults } from "./results";

const opening: Case = {
  name: "open-100",
  ...against(120.129, "bare, 8 at a time", 60),
  cpuSeconds: 12.345,
  peakPssMiB: 1,
  parts: { node: 1.239 },
};
const found = [
  targeted(targeted(opening, "ratio", 2, "times"), "seconds", 90, "s"),
  targeted({ name: "resting-10", restingMiB: 30.5 }, "restingMiB", 64, "MiB"),
  { name: "terraform-10", skipped: "there is no `terraform` on PATH" },
];

test("people get a line for each case, and a missed target is seen", () => {
  expect(table(found)).toBe(
    [
      "case          seconds  against                  ratio  targets",
      "open-100      120.13   60.00 bare, 8 at a time  2.00   ratio 2 × MISSED, 90 s MISSED  cpu seconds 12.35, peak pss MiB 1",
      "resting-10    -        -                        -      resting MiB 64 MiB met         resting MiB 30.5",
      "terraform-10  -        -                        -      -                              not measured: there is no `terraform` on PATH",
      "",
    ].join("\n"),
  );
});

test("what a case measured is kept in a file of its own, with numbers that are no longer than they are true, and read in the order of the cases", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "substation-results-"));
  try {
    const of = (one: Case) => ({
      at: "2026-01-01T00:00:00.000Z",
      machine: { cores: 2 } as Machine,
      case: one,
    });
    const names = ["resting-10", "open-100", "open-1"];
    expect(readResults(path.join(folder, "none"), names)).toEqual([]);
    for (const one of found) keepResult(folder, of(one));
    const kept = readResults(folder, names);
    expect(kept.map((result) => result.case.name)).toEqual(["resting-10", "open-100"]);
    expect(kept[1]).toMatchObject({
      machine: { cores: 2 },
      case: { seconds: 120.13, baseline: { what: "bare, 8 at a time", seconds: 60 }, parts: { node: 1.24 } },
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test("a batch fills its groups but for the last, and its ids differ", () => {
  expect([...batchOf("a", 5, 2)]).toEqual([
    ["ag1", ["an1", "an2"]],
    ["ag2", ["an3", "an4"]],
    ["ag3", ["an5"]],
  ]);
  expect([...batchOf("a", 100)].map(([group, ids]) => [group, ids.length])).toEqual([
    ["ag1", 25],
    ["ag2", 25],
    ["ag3", 25],
    ["ag4", 25],
  ]);
});

test("the median is the middle, or between the two in the middle; there is none of nothing", () => {
  expect([median([5]), median([9, 1, 5]), median([4, 1, 9, 2])]).toEqual([5, 5, 3]);
  expect(() => median([])).toThrow("the median of nothing");
});

test("docker's sizes are read in every unit that it uses, and nothing else is", () => {
  expect([mebibytes("512KiB"), mebibytes("30.5MiB"), mebibytes("1.5GiB"), mebibytes("1048576B")]).toEqual([
    0.5, 30.5, 1536, 1,
  ]);
  expect(() => mebibytes("--")).toThrow(`docker stats says "--", which is no size`);
});

test("a line of /proc is read, whatever the program is called, and a name that says little is completed", () => {
  const rest = "S 41 1 1 0 -1 4194560 9 9 9 9 250 50 7 7 20 0 7 0 424141";
  expect(parseStat(`42 (a) b (c) ${rest}`)).toEqual({ name: "a) b (c", state: "S", parent: 41, ticks: 300 });
  expect(parseStat(`42 (pulumi-resource) ${rest}`, () => "pulumi-resource-docker").name).toBe(
    "pulumi-resource-docker",
  );
  expect(parseStat(`42 (MainThread) ${rest}`, () => "node").name).toBe("node");
  expect(parseStat(`42 (MainThread) ${rest}`, () => undefined).name).toBe("MainThread");
});

test("work in parallel keeps to its limit, and begins nothing new after a failure", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    if (item === 4) throw new Error("four");
    done.push(item);
  };
  await inParallel(2, [1, 2, 3], work);
  expect([most, done]).toEqual([2, [1, 2, 3]]);
  await expect(inParallel(2, [1, 4, 2, 3, 5, 6], work)).rejects.toThrow("four");
  expect(running).toBe(0);
  expect(done).not.toContain(6);
});
