import { createHmac, generateKeyPairSync } from "node:crypto";
import { tokenFinding, TokenError, verifyToken } from "./main-station-token";
import { mainStation, stationToken } from "./testing/secrets";

const { publicKey } = mainStation;
const claims = {
  iss: "local",
  sub: "mengxiang",
  scope: "goods:read orders:create orders:read",
  jti: "canary-jti",
};
const shop = { platform: "local", id: "mengxiang", scopes: mainStation.scopes };
const pem = (kind: "ed25519" | "x25519") =>
  generateKeyPairSync(kind as "ed25519").publicKey.export({ type: "spki", format: "pem" }) as string;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const [header = "", payload = "", signature = ""] = stationToken().split(".");

test("a token that the platform signed is believed, and only for the shop and the scopes that it is for", () => {
  expect(verifyToken(stationToken(), publicKey)).toEqual(claims);
  const finding = (change: Partial<typeof shop>) =>
    tokenFinding(stationToken(), publicKey, { ...shop, ...change });
  expect([
    finding({}),
    finding({ scopes: [...shop.scopes].reverse() }),
    finding({ platform: "other" }),
    finding({ id: "haitang" }),
    finding({ scopes: [...shop.scopes, "balance:read"] }),
    finding({ scopes: ["goods:read"] }),
  ]).toEqual([
    undefined,
    undefined,
    "is of the platform local, not of other",
    "is of the substation mengxiang, not of haitang",
    "allows goods:read orders:create orders:read, and mainStation.scopes says balance:read goods:read orders:create orders:read",
    "allows goods:read orders:create orders:read, and mainStation.scopes says goods:read",
  ]);
});

/** 64 bytes end with two bits of the last character; the other four may be anything for those who do not look. */
function sameBytes(text: string): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const other = `${text.slice(0, -1)}${digits[digits.indexOf(text.at(-1)!) + 1]}`;
  if (!Buffer.from(other, "base64url").equals(Buffer.from(text, "base64url"))) throw new Error("other bytes");
  return other;
}

const changed = "was not signed by the platform's key, or was changed";
const unsigned = "is not signed by EdDSA";

test.each([
  [
    "more scopes than were signed",
    `${header}.${encode({ ...claims, scope: "goods:read members:write" })}.${signature}`,
    changed,
  ],
  ["another substation", `${header}.${encode({ ...claims, sub: "haitang" })}.${signature}`, changed],
  ["a claim more", `${header}.${encode({ ...claims, admin: true })}.${signature}`, changed],
  ["a header that was changed", `${encode({ alg: "EdDSA" })}.${payload}.${signature}`, changed],
  [
    "a signature of the same bytes in other characters",
    `${header}.${payload}.${sameBytes(signature)}`,
    changed,
  ],
  ["no signature", `${header}.${payload}.`, changed],
  ["another token's signature", `${header}.${payload}.${stationToken({ jti: "2" }).split(".")[2]}`, changed],
  ["algorithm none", `${encode({ alg: "none" })}.${payload}.`, unsigned],
  ["algorithm none with a signature", `${encode({ alg: "none" })}.${payload}.${signature}`, unsigned],
  ["no algorithm", stationToken({}, { typ: "JWT" }), unsigned],
  [
    "an extension that nobody here knows",
    stationToken({}, { alg: "EdDSA", crit: ["b64"], b64: false }),
    unsigned,
  ],
  [
    "a MAC by the public key",
    (() => {
      const signed = `${encode({ alg: "HS256" })}.${payload}`;
      return `${signed}.${createHmac("sha256", publicKey).update(signed).digest("base64url")}`;
    })(),
    unsigned,
  ],
  ["two parts", `${header}.${payload}`, "is no token: three parts with a dot between them"],
  ["an empty text", "", "is no token: three parts with a dot between them"],
  ["a random word", "A".repeat(43), "is no token: three parts with a dot between them"],
  ["a header that is no JSON", `x.${payload}.${signature}`, "has a header that is no JSON object"],
  ["a list of claims", stationToken({}, { alg: "EdDSA" }).replace(payload, encode([1])), changed],
  [
    "a claim that is missing",
    stationToken({ scope: undefined }),
    "lacks a claim: iss, sub, scope and jti are texts",
  ],
  [
    "a claim of another type",
    stationToken({ scope: ["goods:read"] }),
    "lacks a claim: iss, sub, scope and jti are texts",
  ],
])("%s is refused, and nothing of the token is told", (_what, token, why) => {
  expect(() => verifyToken(token, publicKey)).toThrow(new TokenError(why));
  expect(tokenFinding(token, publicKey, shop)).toBe(why);
});

test("another platform's key, or what is no key of Ed25519, verifies nothing", () => {
  expect(tokenFinding(stationToken(), pem("ed25519"), shop)).toBe(changed);
  for (const key of [pem("x25519"), "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n", ""])
    expect(tokenFinding(stationToken(), key, shop)).toBe(
      "cannot be verified: the public key is none of Ed25519",
    );
});
