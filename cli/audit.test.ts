import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "./testing";

const repository = join(__dirname, "..");
const work = realpathSync(mkdtempSync(join(tmpdir(), "substation-audit-")));
beforeAll(() => {
  cpSync(join(repository, "stacks/demo"), join(work, "stacks/demo"), { recursive: true });
  cpSync(join(repository, "stacks/tiers.yaml"), join(work, "stacks/tiers.yaml"));
  cpSync(join(repository, "Pulumi.yaml"), join(work, "Pulumi.yaml"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The real command; what it says where nothing was looked at. */
async function refused(args: readonly string[], cwd = work): Promise<string> {
  const { code, stdout, stderr } = await runCli(["audit", ...args], { cwd });
  expect([code, stdout]).toEqual([2, ""]);
  return stderr;
}

// prettier-ignore
test("what is not there cannot be looked at: exit code 2, one sentence, the nearest name", async () => {
  expect(await refused(["mengxing"])).toBe(`substation: there is no substation "mengxing" in ${work}/stacks: did you mean "mengxiang"?\n`);
  expect(await refused(["--attack", "zzzzzzzz"])).toBe(
    `substation: there is no substation "zzzzzzzz" in ${work}/stacks: those are haitang, mengxiang, xingchen.\n`,
  );
  expect(await refused(["haitang", "--platform", "platform-2"])).toBe("substation: haitang stands on platform: add --platform platform.\n");
  expect(await refused([], tmpdir())).toBe(
    `substation: there is no Pulumi.yaml in ${realpathSync(tmpdir())} or above it: run this in the project's folder.\n`,
  );
  writeFileSync(join(work, "stacks/demo/tianhe.yaml"), "title: 5\n");
  expect(await refused(["tianhe"])).toMatch(/there is no substation "tianhe" .* Files with mistakes do not count: see `substation check`\.\n$/);
});

// prettier-ignore
test("wrong usage is exit code 2 too, and never taken for findings", async () => {
  expect(await refused(["--json", "--sarif"])).toMatch(/substation: option '--sarif' cannot be used with option '--json'\n$/);
  expect(await refused(["--attack", "haitang", "--severity", "high"])).toMatch(/substation: option '--attack <id>' cannot be used with option '--severity <least>'\n$/);
  expect(await refused(["--severity", "worst"])).toMatch(/Allowed choices are critical, high, medium, low\.\n$/);
  expect(await refused(["--attack", "haitang", "mengxiang"])).toMatch(/substation: --attack is for one substation: leave out mengxiang\n$/);
});
