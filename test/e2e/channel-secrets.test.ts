import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { storedSecrets } from "../../config/stack-secrets";
import { pulumiOk, type Workspace } from "../../fleet/pulumi";
import { prepareEngine } from "../../local/engine";
import { silent } from "../../local/progress";
import { ensureStack, openWorkspace, projectRoot } from "../../local/workspace";
import { newPair } from "../../storefront/channels/testing";
import { command } from "./lab";
import { LeakSearch } from "./leaks";
import { ProcessWatch } from "./processes";

/**
 * `substation secret` with the real Pulumi command and a real terminal, and no platform. That a shop then has the secret, and nobody else, shop.test.ts and
 * secrets.test.ts show.
 */
jest.setTimeout(120_000);

const place = fs.mkdtempSync(path.join(os.tmpdir(), "substation-channel-secrets-"));
const root = path.join(place, "project");
const settings = path.join(root, "stacks/Pulumi.demo.yaml");
let workspace: Workspace;

const { privatePem: privateKey } = newPair();
const token = randomBytes(16).toString("hex");
const search = new LeakSearch(
  new Map([
    ["key", privateKey.split("\n")[5]!], // a line of it: in some forms the line ends differ
    ["token", token],
  ]),
);

beforeAll(async () => {
  fs.mkdirSync(path.join(root, "stacks/demo"), { recursive: true });
  fs.copyFileSync(path.join(projectRoot, "Pulumi.yaml"), path.join(root, "Pulumi.yaml"));
  fs.writeFileSync(
    path.join(root, "stacks/demo/mengxiang.yaml"),
    "channels:\n  wechat: { kind: wechatPay, secrets: { privateKey: wechat-key, apiV3Key: v3-key } }\n",
  );
  fs.mkdirSync(path.join(place, "home/secrets"), { recursive: true, mode: 0o700 });
  workspace = openWorkspace(path.join(place, "home"), await prepareEngine(silent), root);
});
afterAll(() => fs.rmSync(place, { recursive: true, force: true }));

const bin = path.join(projectRoot, "cli/bin.js");
const substation = (args: readonly string[], input: string): Promise<string> =>
  command(process.execPath, [bin, "secret", ...args], { cwd: root, env: workspace.env, input });

/** The same on a terminal, with what a person types when asked; everything that the terminal showed. */
function onTerminal(args: readonly string[], keys: string): Promise<string> {
  const words = [process.execPath, bin, "secret", ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", words, "/dev/null"], {
    cwd: root,
    env: workspace.env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const asked = shown.includes("not shown");
      shown += chunk.toString();
      if (!asked && shown.includes("not shown")) child.stdin.write(keys); // what is typed before, the terminal itself echoes
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(shown) : reject(new Error(`it ended with ${code}:\n${shown}`)),
    );
  });
}
const config = (name: string): Promise<string> =>
  pulumiOk(workspace, ["config", "get", "-s", "demo", `secret.mengxiang.${name}`]);
const ciphertext = (name: string): string | undefined =>
  storedSecrets(path.join(root, "stacks"), "demo")?.find((one) => one.name === name)?.ciphertext;

test("without the group's stack nothing is stored, and the user is told how to make it", async () => {
  await expect(substation(["set", "mengxiang", "v3-key"], token)).rejects.toThrow(
    "v3-key of mengxiang was not set. Pulumi said: error: no stack named 'demo' found. Make it with \"pulumi stack init demo\".",
  );
  expect(fs.existsSync(settings)).toBe(false);
});

test("a secret is stored as it was given, encrypted, and is in no file and no command line in plain", async () => {
  await ensureStack(workspace, "demo");
  const watch = new ProcessWatch();
  let said: string;
  try {
    said = await substation(["set", "mengxiang", "wechat-key"], privateKey);
    said += await substation(["set", "mengxiang", "v3-key"], `${token}\n`);
  } finally {
    watch.end();
  }
  expect((await config("wechat-key")).trim()).toBe(privateKey.trim());
  expect((await config("v3-key")).trim()).toBe(token);
  expect(said).toContain("it is apiV3Key of wechat; shops have it after the next update: npm run up -- demo");
  const commands = [...watch.commandLines].join("\n");
  expect(commands).toContain("config\nset\n-s\ndemo\n--secret\nsecret.mengxiang.v3-key");
  expect(search.in("command lines", commands)).toEqual([]);
  expect(search.in("output", said)).toEqual([]);
  expect(search.inFolder(place)).toEqual([]);
});

test("what is stored again is another ciphertext, even of the same value; no other one changes", async () => {
  const before = [ciphertext("wechat-key"), ciphertext("v3-key")];
  await substation(["set", "mengxiang", "v3-key"], token);
  expect(ciphertext("wechat-key")).toBe(before[0]);
  expect(ciphertext("v3-key")).toMatch(/^v1:/);
  expect(ciphertext("v3-key")).not.toBe(before[1]);
});

test("a terminal shows nothing of what is typed or pasted, a key of many lines included", async () => {
  const shown = await onTerminal(["set", "mengxiang", "wechat-key"], privateKey.replaceAll("\n", "\r"));
  expect(shown).toContain("Value of wechat-key for mengxiang (not shown): ");
  expect(shown).toContain("wechat-key of mengxiang is set");
  expect(search.in("terminal", shown)).toEqual([]);
  expect((await config("wechat-key")).trim()).toBe(privateKey.trim());
});

test("a secret that no channel names can be taken away", async () => {
  await substation(["set", "mengxiang", "spare"], token);
  expect(ciphertext("spare")).toBeDefined();
  await substation(["remove", "mengxiang", "spare"], "");
  expect(ciphertext("spare")).toBeUndefined();
  expect(ciphertext("v3-key")).toBeDefined();
});
