import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { thisProcess } from "../owner";
import { cutRuns, failedRuns, Run, settleCutRuns } from ".";
import { journalFile } from "./file";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "substation-journal-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const haitang = { group: "demo", id: "haitang" };
const file = () => journalFile(root, haitang);
const lines = () => readFileSync(file(), "utf8").trimEnd().split("\n");
const phases = () =>
  lines().map((line) => {
    const { sequence, step, phase } = JSON.parse(line) as Record<string, unknown>;
    return [sequence, step, phase];
  });

/** Writes the journal as a process would that has ended since. */
function asIfDead(): void {
  const { pid } = spawnSync("true");
  const text = readFileSync(file(), "utf8").replaceAll(`"pid":${process.pid}`, `"pid":${pid}`);
  writeFileSync(file(), text);
}

test("an action is on the disk before it, part by part, and its numbers go on in the next run", async () => {
  const first = new Run(root).begin("close", haitang);
  expect(phases()).toEqual([[1, undefined, "begun"]]);
  await first.step("export", () => {
    expect(phases().at(-1)).toEqual([2, "export", "begun"]);
    return Promise.resolve();
  });
  await expect(first.step("drop", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  first.end("failed", "no");
  first.note("later", "begun");
  expect(phases().slice(2)).toEqual([
    [3, "export", "ended"],
    [4, "drop", "begun"],
    [5, "drop", "failed"],
    [6, undefined, "failed"],
  ]);
  new Run(root).begin("open", haitang).end();
  expect(phases().at(-1)).toEqual([8, undefined, "ended"]);
  expect(cutRuns(root)).toEqual([]);
});

test("what was begun and has no end is under way while its writer lives, and cut when it is dead", () => {
  expect(cutRuns(root)).toEqual([]);
  const run = new Run(root);
  const journal = run.begin("open", haitang);
  run.begin("open", { group: "vip", id: "xingchen" }).end();
  journal.note("database", "begun");
  const open = { ...haitang, run: run.id, action: "open", step: "database", writer: thisProcess() };
  expect(cutRuns(root)).toEqual([{ ...open, owner: "alive" }]);
  expect(settleCutRuns(root, "demo")).toEqual([]);
  const here = readFileSync(file(), "utf8");
  writeFileSync(file(), here.replaceAll(`"host":"${hostname()}"`, '"host":"elsewhere"'));
  expect(settleCutRuns(root, "demo", new Set(), "another")).toEqual([]);
  expect(settleCutRuns(root, "demo", new Set(), "elsewhere")).toMatchObject([haitang]); // a person said that it is gone
  expect(cutRuns(root)).toEqual([]);
  writeFileSync(file(), here);
  asIfDead();
  expect(cutRuns(root, "demo")).toMatchObject([{ ...haitang, step: "database", owner: "dead" }]);
  expect(cutRuns(root, "vip")).toEqual([]);
  expect(settleCutRuns(root, "demo")).toHaveLength(1);
  expect(cutRuns(root)).toEqual([]);
});

test("one that is left keeps no file open, takes no more, and has no end", () => {
  const files = () => readdirSync("/proc/self/fd").map((fd) => linkOf(`/proc/self/fd/${fd}`));
  const journal = new Run(root).begin("open", haitang);
  expect(files()).toContain(file());
  journal.leave();
  expect(files()).not.toContain(file());
  journal.note("database", "begun");
  journal.end();
  expect(phases()).toEqual([[1, undefined, "begun"]]);
  expect(cutRuns(root)).toMatchObject([haitang]);
});

/** Undefined for the folder's own, which is gone by then. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

test("cut at any byte, a journal says of an action that it was begun or nothing, and takes the next line", async () => {
  const journal = new Run(root).begin("open", haitang);
  await journal.step("secrets", () => Promise.resolve());
  asIfDead();
  const whole = readFileSync(file());
  const firstLine = whole.indexOf(10) + 1;
  for (let size = whole.length; size >= 0; size -= 7) {
    writeFileSync(file(), whole);
    truncateSync(file(), size);
    expect(cutRuns(root)).toHaveLength(size >= firstLine ? 1 : 0);
    new Run(root).begin("open", haitang).end();
    expect(cutRuns(root)).toEqual([]);
    expect(phases().map(([sequence]) => sequence)).toEqual(lines().map((_, at) => at + 1));
  }
});

test("a damaged line after the last known action counts as a cut run, once", () => {
  new Run(root).begin("open", haitang).end();
  appendFileSync(file(), "not ours\n");
  expect(cutRuns(root)).toMatchObject([{ ...haitang, action: "unknown", owner: "dead" }]);
  settleCutRuns(root, "demo");
  expect(cutRuns(root)).toEqual([]);
});

test("an action that failed asks for a look at what it left, once; one that could not be looked into goes on asking", () => {
  const subject = { ...haitang };
  new Run(root).begin("open", subject).end("failed", "already exists");
  expect(failedRuns(root, "demo")).toEqual([subject]);
  settleCutRuns(root, "demo", new Set(["haitang"]));
  expect(failedRuns(root, "demo")).toEqual([subject]);
  settleCutRuns(root, "demo");
  expect(failedRuns(root, "demo")).toEqual([]);
  new Run(root).begin("open", subject).end();
  expect(failedRuns(root, "demo")).toEqual([]);
  new Run(root).begin("open", subject);
  asIfDead();
  expect(settleCutRuns(root, "demo", new Set(["haitang"]))).toEqual([]);
  expect(cutRuns(root, "demo")).toMatchObject([{ ...subject, owner: "dead" }]);
});
