import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { listText, readAll, wasSet } from "./secret";
import { runCli, type Ran } from "./testing";

const found = {
  id: "mengxiang",
  group: "demo",
  file: "stacks/demo/mengxiang.yaml",
  secrets: [
    { name: "alipay-key", state: "set", uses: [{ channel: "alipay", kind: "alipay", field: "privateKey" }] },
    { name: "epay-key", state: "missing", uses: [{ channel: "epay-2", kind: "epay", field: "key" }] },
    { name: "old-key", state: "plain", uses: [] },
  ],
} as const;

test("the list says which fields name a secret, and whether it is set", () => {
  expect(listText(found)).toEqual([
    "secret      state                       used as",
    "alipay-key  set                         privateKey of alipay",
    "epay-key    MISSING                     key of epay-2",
    "old-key     IN PLAIN TEXT: set it anew  (by no channel)",
  ]);
  expect(listText({ ...found, secrets: [] })).toEqual([
    "mengxiang has no secrets: no channel in stacks/demo/mengxiang.yaml names one",
  ]);
});

test("after a secret was set: where it is, what it is for, what is still missing", () => {
  expect(wasSet({ ...found, secret: found.secrets[0] })).toEqual([
    "alipay-key of mengxiang is set, encrypted, in stacks/Pulumi.demo.yaml: commit that file",
    "it is privateKey of alipay; shops have it after the next update: npm run up -- demo",
    "not set yet: epay-key, old-key",
  ]);
  expect(wasSet({ ...found, secrets: [], secret: { name: "x1", state: "set", uses: [] } })).toEqual([
    "x1 of mengxiang is set, encrypted, in stacks/Pulumi.demo.yaml: commit that file",
    "no channel in stacks/demo/mengxiang.yaml names it yet",
  ]);
});

test("standard input must be text, and no longer than any secret", async () => {
  const input = (...chunks: Buffer[]) => readAll(Readable.from(chunks));
  const text = Buffer.from("密钥\n");
  expect(await input(text.subarray(0, 2), text.subarray(2))).toBe("密钥\n");
  await expect(input(Buffer.from([0xff, 0xfe]))).rejects.toThrow("what came is not UTF-8 text");
  await expect(input(Buffer.alloc(65_537))).rejects.toThrow("more than 65536 bytes came");
});

describe("the command", () => {
  const root = mkdtempSync(join(tmpdir(), "substation-cli-secret-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeAll(() => {
    mkdirSync(join(root, "stacks/demo"), { recursive: true });
    writeFileSync(join(root, "Pulumi.yaml"), "name: substation\nstackConfigDir: stacks\n");
    writeFileSync(
      join(root, "stacks/demo/mengxiang.yaml"),
      "channels: { a1: { kind: epay, secrets: { key: k1 } } }\n",
    );
  });

  const substation = (...args: string[]): Promise<Ran> => runCli(["secret", ...args], { cwd: root });

  test("a value on the command line is wrong usage, and not repeated", async () => {
    const { code, stderr, stdout } = await substation("set", "mengxiang", "k1", "geheimnis");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: substation secret set [options] <id> <name>");
    expect(stderr).not.toContain("geheimnis");
  });

  test("list ends with 1 where a secret is missing; the files are all that it needs", async () => {
    const { code, stdout } = await substation("list", "mengxiang", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      id: "mengxiang",
      group: "demo",
      file: "stacks/demo/mengxiang.yaml",
      secrets: [{ name: "k1", state: "missing", uses: [{ channel: "a1", kind: "epay", field: "key" }] }],
    });
    expect(await substation("set", "haitang", "k1")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('substation: there is no substation "haitang"') as string,
    });
  });
});
