import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { UserError } from "../config/error";
import { readable } from "./anomalies";
import { pulumi, type Workspace } from "./pulumi";
import { platformUnder, readPlatform } from "./read-platform";
import { standing } from "./standing";

// What Pulumi or the database server refuses is told in their words, and without a stack trace.

let root: string;
let workspace: Workspace;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "substation-pulumi-"));
  writeFileSync(join(root, "Pulumi.yaml"), "name: substation\n");
  workspace = { root, env: { PATH: [root, process.env["PATH"]].join(delimiter) } };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** In place of the command: prints what it is given, and ends with an exit code. */
const answers = (code: number, stdout: string, stderr = ""): void =>
  writeFileSync(join(root, "pulumi"), `#!/bin/sh\necho '${stdout}'\necho "${stderr}" >&2\nexit ${code}\n`, {
    mode: 0o755,
  });
const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => "it went well",
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
};

test("a platform whose outputs cannot be read is not taken for one that has none", async () => {
  answers(255, "", "error: passphrase must be set");
  expect(await refusal(platformUnder(workspace, "demo"))).toBe(
    "the platform under demo, stack platform, cannot be read. Pulumi said: error: passphrase must be set.",
  );
  expect(await readPlatform(workspace, "platform")).toBeUndefined();
  answers(255, "", "error: no stack named 'platform' found");
  expect(await refusal(platformUnder(workspace, "demo"))).toContain(
    'Make it with "pulumi stack init platform".',
  );
  answers(0, "{}");
  expect(await refusal(platformUnder(workspace, "demo"))).toBe(
    'the platform\'s stack "platform", which demo stands on, has no outputs: nothing was changed. Run "pulumi up -s platform" first.',
  );
  answers(0, '{"database": {}, "dns": {}}');
  expect(await platformUnder(workspace, "demo")).toEqual({ database: {}, dns: {} });
});

test("a state that cannot be read is told in Pulumi's words; a stack that was never made has no substations", async () => {
  answers(255, "", "error: PULUMI_ACCESS_TOKEN must be set for login");
  expect(await refusal(standing(workspace, "demo"))).toBe(
    "the state of stack demo cannot be read. Pulumi said: error: PULUMI_ACCESS_TOKEN must be set for login.",
  );
  answers(255, "", "error: no stack named 'demo' found");
  expect(await standing(workspace, "demo")).toEqual(new Map());
});

test("a database server that does not answer is told as one that is away", async () => {
  const why = (error: Error) => refusal(readable("mengxiang", () => Promise.reject(error)));
  for (const said of ["timeout expired", "Query read timeout"])
    expect(await why(new Error(said))).toBe(
      `the books of mengxiang cannot be read (${said}): see that the database server can be reached from here.`,
    );
  expect(await why(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe(
    "the books of mengxiang cannot be read (ECONNREFUSED connect): see that the database server can be reached from here.",
  );
  await expect(readable("mengxiang", () => Promise.reject(new TypeError("x")))).rejects.toThrow(TypeError);
});

test("a command that was stopped before it began does not begin", async () => {
  answers(0, "done");
  expect(await pulumi(workspace, ["up"], { signal: AbortSignal.abort() })).toEqual({
    code: 1,
    stdout: "",
    stderr: "it was stopped before it began",
  });
  expect((await pulumi(workspace, ["up"])).stdout).toBe("done\n");
});

test("a machine without the command is told what to do", async () => {
  const nothingButNice = join(root, "bin");
  mkdirSync(nothingButNice);
  const nice = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "nice"));
  symlinkSync(nice.find(existsSync)!, join(nothingButNice, "nice"));
  expect(await refusal(pulumi({ root, env: { PATH: nothingButNice } }, ["version"]))).toMatch(
    /^there is no `pulumi` on PATH\./,
  );
});

test("the command lets others on the machine go first", async () => {
  writeFileSync(join(root, "pulumi"), "#!/bin/sh\nexec nice\n", { mode: 0o755 });
  const { stdout } = await pulumi(workspace, []);
  expect(Number(stdout)).toBe(Math.min(19, getPriority() + 10));
});
