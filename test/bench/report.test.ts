import { mebibytes } from "./cases";
import type { Machine } from "./machine";
import { parseStat } from "./processes";
import { json, median, table, targeted, type Case } from "./report";
import { inParallel } from "./commands";

const opening: Case = {
  name: "open-25",
  seconds: 20.129,
  baselineSeconds: 10,
  ratio: 2.0129,
  engineCpuSeconds: 12.345,
  peakPssMiB: 1,
  parts: { node: 1.239 },
};
const found = [
  targeted(opening, "ratio", 2, "times"),
  targeted({ name: "resting-10", restingMiB: 30.5 }, "restingMiB", 64, "MiB"),
];

test("people get a line for each case, and a missed target is seen", () => {
  expect(table(found)).toBe(
    [
      "case        seconds  bare s  ratio  target",
      "open-25     20.13    10.00   2.01   2 × bare  MISSED  engine cpu seconds 12.35, peak pss MiB 1",
      "resting-10  -        -       -      64 MiB    met     resting MiB 30.5",
      "",
    ].join("\n"),
  );
});

test("machines get every case with the same keys, and numbers that are no longer than they are true", () => {
  expect(JSON.parse(json({ cores: 2 } as Machine, found))).toEqual({
    machine: { cores: 2 },
    cases: [
      {
        ...{
          name: "open-25",
          seconds: 20.13,
          baselineSeconds: 10,
          ratio: 2.01,
          engineCpuSeconds: 12.35,
          peakPssMiB: 1,
          parts: { node: 1.24 },
        },
        target: { figure: "ratio", limit: 2, unit: "times", met: false },
      },
      {
        ...{ name: "resting-10", seconds: null, baselineSeconds: null, ratio: null, restingMiB: 30.5 },
        target: { figure: "restingMiB", limit: 64, unit: "MiB", met: true },
      },
    ],
  });
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
