import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkSecret } from "./secret-value";
import { listSecrets, removeSecret, setSecret } from "./secrets";

// What Pulumi does with a value, test/e2e/channel-secrets.test.ts shows.

const root = mkdtempSync(join(tmpdir(), "substation-secrets-"));
const workspace = { root, env: { PATH: "/nowhere" } }; // no command can be run: what is refused here is refused before
afterAll(() => rmSync(root, { recursive: true, force: true }));

const file = `title: 5
channels:
  alipay: { kind: alipay, secrets: { privateKey: main-key } }
  wechat:
    kind: wechatPay
    secrets: { privateKey: main-key, apiV3Key: v3-key }
  broken: [1]
  other: { kind: epay, secrets: { key: [x] } }
`;
const settings = `config:
  substation:platform: platform
  substation:secret.mengxiang.main-key: { secure: "v1:abc:def" }
  substation:secret.mengxiang.old-key: { secure: "v1:ghi:jkl" }
  substation:secret.mengxiang.bare-key: open
  substation:secret.haitang.v3-key: { secure: "v1:mno:pqr" }
`;
beforeAll(() => {
  mkdirSync(join(root, "stacks/demo"), { recursive: true });
  mkdirSync(join(root, "stacks/vip"), { recursive: true });
  writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), file);
  writeFileSync(
    join(root, "stacks/vip/xingchen.yaml"),
    "channels: { a1: { kind: epay, secrets: { key: k } } }\n",
  );
  writeFileSync(join(root, "stacks/Pulumi.demo.yaml"), settings);
});

test("a substation's secrets are those that its channels name and those that are stored for it, whatever else is wrong with its file", () => {
  const { group, secrets } = listSecrets(workspace, "mengxiang");
  expect(group).toBe("demo");
  expect(secrets).toEqual([
    { name: "bare-key", state: "plain", uses: [] },
    {
      name: "main-key",
      state: "set",
      uses: [
        { channel: "alipay", kind: "alipay", field: "privateKey" },
        { channel: "wechat", kind: "wechatPay", field: "privateKey" },
      ],
    },
    { name: "old-key", state: "set", uses: [] },
    { name: "v3-key", state: "missing", uses: [{ channel: "wechat", kind: "wechatPay", field: "apiV3Key" }] },
  ]);
  expect(listSecrets(workspace, "xingchen").secrets).toMatchObject([{ name: "k", state: "missing" }]);
});

test("what is not there, or in use, is refused with what to do", async () => {
  expect(() => listSecrets(workspace, "mengxang")).toThrow('did you mean "mengxiang"?');
  expect(() => listSecrets(workspace, "qqqqqq")).toThrow("those are mengxiang, xingchen.");
  await expect(removeSecret(workspace, "mengxiang", "main-key")).rejects.toThrow(
    /main-key of mengxiang is in use by channels\.alipay\.secrets\.privateKey, channels\.wechat\.secrets\.privateKey of .*mengxiang\.yaml/,
  );
  await expect(removeSecret(workspace, "mengxiang", "old-keys")).rejects.toThrow('did you mean "old-key"?');
  writeFileSync(join(root, "stacks/vip/mengxiang.yaml"), "");
  expect(() => listSecrets(workspace, "mengxiang")).toThrow(/two files for mengxiang.*remove one/);
  rmSync(join(root, "stacks/vip/mengxiang.yaml"));
});

const pem = (type: "pkcs1" | "pkcs8", modulusLength = 2048) =>
  generateKeyPairSync("rsa", {
    modulusLength,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type, format: "pem" },
  });
const { privateKey, publicKey } = pem("pkcs8");
const bare = (text: string) => text.replace(/-----[A-Z ]+-----|\n/g, "");
const alipay = [{ channel: "alipay", kind: "alipay", field: "privateKey" }];
const wechat = [{ channel: "wechat", kind: "wechatPay", field: "apiV3Key" }];

test("a key is taken as PEM or as base64, with the line ends that files have", () => {
  expect(checkSecret("k1", privateKey.replaceAll("\n", "\r\n"), alipay)).toBe(privateKey.trimEnd());
  for (const text of [bare(privateKey), bare(pem("pkcs1").privateKey), pem("pkcs1").privateKey.trimEnd()])
    expect(checkSecret("k1", `${text}\n`, alipay)).toBe(text);
  expect(checkSecret("k1", "anything at all", [])).toBe("anything at all");
  expect(checkSecret("k1", "a".repeat(32), wechat)).toBe("a".repeat(32));
});

test.each([
  ["", [], "it is empty"],
  ["\n", [], "it is empty"],
  [" padded", [], "begins or ends with a blank"],
  ["x\u0007y", [], "the invisible character U+0007"],
  ["x\u200by", [], "the invisible character U+200B"],
  ["x".repeat(17_000), [], "it has 17000 bytes"],
  ["not a key at all", alipay, "for privateKey of the channel alipay, that is no private key"],
  [publicKey, alipay, "that is a public key; give the private one"],
  [pem("pkcs8", 1024).privateKey, alipay, "the key has 1024 bits; make one of 2048 or more"],
  [
    "a".repeat(31),
    wechat,
    "for apiV3Key of the channel wechat, it has 31 characters; give 32 letters and digits",
  ],
])(
  "a value that cannot be right is refused before anything is stored, and never repeated (%#)",
  (value, uses, why) => {
    const refusal = (): string => {
      try {
        return checkSecret("v3-key", value, uses);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refusal()).toMatch(/^the value for v3-key was not taken: .*Nothing was set\.$/);
    expect(refusal()).toContain(why);
    if (value.trim().length > 1) expect(refusal()).not.toContain(value);
  },
);

test("a value in the place of the name is not repeated", async () => {
  await expect(setSecret(workspace, "mengxiang", "MIIEvAIBADAN", "x")).rejects.toThrow(
    /^that is no name of a secret, which has up to 31 .*Nothing was set\.$/,
  );
});
