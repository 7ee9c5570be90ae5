import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli, type Ran } from "./testing";

const repository = join(__dirname, "..");
const work = mkdtempSync(join(tmpdir(), "substation-cli-"));
beforeAll(() => cpSync(join(repository, "stacks"), join(work, "stacks"), { recursive: true }));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const substation = (...args: string[]): Promise<Ran> => runCli(args, { cwd: work });

const usage = "Usage: substation check [options] [files...]\n\n";
const badFile = "stacks/demo/bad.yaml";
const writeBad = (): void => writeFileSync(join(work, badFile), "title: 5\n");

test("check says how many files it read, and ends with 0 where nothing is wrong", async () => {
  rmSync(join(work, badFile), { force: true });
  expect(await substation("check")).toEqual({ code: 0, stdout: "", stderr: "4 files, 0 problems\n" });
  expect(await substation("check", "--json")).toEqual({
    code: 0,
    stdout: "[]\n",
    stderr: "4 files, 0 problems\n",
  });
});

// prettier-ignore
test("check prints every problem and ends with 1; of the files that are named alone, as JSON for machines", async () => {
  writeBad();
  const all = await substation("check");
  expect(all).toMatchObject({ code: 1, stderr: "5 files, 5 problems\n" });
  expect(all.stdout.split("\n")).toContain(
    `${badFile}:1:8  value/type  title is 5, a number: text is wanted; put it in quotes: "5".`,
  );
  expect(await substation("check", "stacks/demo/haitang.yaml")).toEqual({ code: 0, stdout: "", stderr: "1 file, 0 problems\n" });
  const one = await substation("check", "--json", badFile);
  expect(one.code).toBe(1);
  expect((JSON.parse(one.stdout) as unknown[])[4]).toEqual({
    file: badFile,
    line: 1,
    column: 8,
    code: "value/type",
    message: 'title is 5, a number: text is wanted; put it in quotes: "5".',
  });
});

// prettier-ignore
test("wrong usage shows the usage, then the mistake, and ends with 2", async () => {
  const wrong = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await substation(...args);
    expect([code, stdout]).toEqual([2, ""]);
    return stderr;
  };
  expect(await wrong("check", "--jsn")).toBe(`${usage}substation: unknown option '--jsn'\n(Did you mean --json?)\n`);
  expect(await wrong("check", "no-such.yaml")).toBe(`${usage}substation: there is no no-such.yaml\n`);
  expect(await wrong("check", join(repository, "package.json"))).toMatch(/is not below stacks: name files of that folder/);
  expect(await wrong("chekc")).toBe("Usage: substation [options] [command]\n\nsubstation: unknown command 'chekc'\n(Did you mean check?)\n");
});

test("a mistake that the user can mend is one sentence, without a stack trace", async () => {
  writeBad();
  const { code, stderr } = await substation("schema", "--out", badFile);
  expect(stderr).toBe(
    `substation: Cannot write ${badFile}/substation.schema.json (EEXIST): name another folder with --out.\n`,
  );
  expect(code).toBe(1);
});

test("help names every command, and a command's own help is found both ways", async () => {
  const { code, stdout } = await substation("--help");
  expect(code).toBe(0);
  const commands = Array.from(stdout.matchAll(/^ {2}([a-z]+) {2,}/gm), ([, name]) => name);
  expect(commands).toEqual([
    "check",
    "explain",
    "schema",
    "new",
    "plan",
    "open",
    "up",
    "review",
    "deploy",
    "prove",
    "status",
    "audit",
    "drift",
    "rules",
    "local",
    "secret",
    "anomalies",
    "sandbox",
    "rotate",
    "suspend",
    "resume",
    "move",
    "close",
    "restore",
    "repair",
  ]);
  expect((await substation("help", "schema")).stdout).toBe((await substation("schema", "--help")).stdout);
});
