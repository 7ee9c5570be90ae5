import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAead } from "./aead";
import { privateKeyOf, publicKeyOf, signRsa, verifyRsa } from "./rsa";
import { newPair, signAs } from "./testing";

const pair = newPair();
const text = "app_id=1&subject=充值卡";

let dir: string;
beforeAll(() => (dir = mkdtempSync(join(tmpdir(), "channels-rsa-"))));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

test("openssl verifies what we sign, and we verify what openssl signs", () => {
  const [own, their, message] = [
    file("private.pem", pair.privatePem),
    file("public.pem", pair.publicPem),
    file("message", text),
  ];
  const ours = file("signature", Buffer.from(signRsa(text, pair.privateKey), "base64"));
  const verified = execFileSync("openssl", [
    "dgst",
    "-sha256",
    "-verify",
    their,
    "-signature",
    ours,
    message,
  ]);
  expect(verified.toString()).toBe("Verified OK\n");
  const theirs = execFileSync("openssl", ["dgst", "-sha256", "-sign", own, message]).toString("base64");
  expect(verifyRsa(text, theirs, pair.publicKey)).toBe(true);
  expect(verifyRsa(Buffer.from(text), theirs, pair.publicKey)).toBe(true);
});

/** 256 bytes end with two bits of the last character but two; the other four may be anything for those who do not look. */
function sameBytes(signature: string): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = signature.length - 3;
  const other = `${signature.slice(0, at)}${digits[digits.indexOf(signature[at]!) + 1]}==`;
  expect(Buffer.from(other, "base64")).toEqual(Buffer.from(signature, "base64"));
  return other;
}

test("another text, key, hash or spelling of the signature is refused", () => {
  const signature = signAs(text, pair);
  expect(verifyRsa(text, signature, pair.publicKey)).toBe(true);
  expect(verifyRsa(`${text} `, signature, pair.publicKey)).toBe(false);
  expect(verifyRsa(text, signature, newPair().publicKey)).toBe(false);
  expect(verifyRsa(text, signAs(text, pair, "sha1"), pair.publicKey)).toBe(false);
  for (const spelled of [
    "",
    " ",
    `${signature} `,
    `${signature}\n`,
    `!${signature}`,
    signature.slice(4),
    signature.replace(/=+$/, ""),
    sameBytes(signature),
    "AAAA",
  ])
    expect(verifyRsa(text, spelled, pair.publicKey)).toBe(false);
});

test("keys are read as PEM and as bare base64, PKCS #8 and PKCS #1, with line breaks", () => {
  const pkcs1 = { type: "pkcs1" } as const;
  const privates = [
    pair.privatePem,
    pair.privateBase64,
    pair.privateBase64.replace(/.{64}/g, "$&\r\n"),
    pair.privateKey.export({ ...pkcs1, format: "pem" }).toString(),
    pair.privateKey.export({ ...pkcs1, format: "der" }).toString("base64"),
  ];
  for (const written of privates) expect(privateKeyOf(written)?.equals(pair.privateKey)).toBe(true);
  for (const written of [pair.publicPem, pair.publicBase64])
    expect(publicKeyOf(written)?.equals(pair.publicKey)).toBe(true);
});

test("short keys, keys of other kinds and private keys in a public field are none", () => {
  const small = newPair(1024);
  const elliptic = execFileSync("openssl", [
    "ecparam",
    "-genkey",
    "-name",
    "prime256v1",
    "-noout",
  ]).toString();
  expect([privateKeyOf(small.privatePem), publicKeyOf(small.publicPem)]).toEqual([undefined, undefined]);
  expect([privateKeyOf(elliptic), privateKeyOf(""), publicKeyOf("nonsense")]).toEqual(
    Array(3).fill(undefined),
  );
  expect(publicKeyOf(pair.privatePem)).toBeUndefined();
  expect(publicKeyOf(pair.privateBase64)).toBeUndefined();
});

test("AES-256-GCM opens test case 16 of its specification (McGrew and Viega), and nothing altered", () => {
  const hex = (digits: string): Buffer => Buffer.from(digits, "hex");
  const key = hex("feffe9928665731c6d6a8f9467308308".repeat(2));
  const nonce = hex("cafebabefacedbaddecaf888");
  const associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const sealed = hex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
      "76fc6ece0f4e1768cddf8853bb2d551b",
  );
  expect(openAead(key, nonce, associated, sealed)?.toString("hex")).toBe(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  );
  const flip = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1;
    return copy;
  };
  for (let at = 0; at < sealed.length; at += 1)
    expect(openAead(key, nonce, associated, flip(sealed, at))).toBeUndefined();
  expect(openAead(flip(key, 0), nonce, associated, sealed)).toBeUndefined();
  expect(openAead(key, flip(nonce, 0), associated, sealed)).toBeUndefined();
  expect(openAead(key, nonce, flip(associated, 0), sealed)).toBeUndefined();
  expect(openAead(key, nonce.subarray(1), associated, sealed)).toBeUndefined();
  expect(openAead(key, nonce, associated, sealed.subarray(0, 15))).toBeUndefined();
});
