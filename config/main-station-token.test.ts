import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { mainStationPublicKey, mintToken, signingKeyFinding } from "./main-station-token";
import { formatScopes, orderedScopes, scopes } from "./scopes";

// That a token is verified, and a forged one refused, storefront/main-station-token.test.ts shows.

/** The private key of RFC 8037, appendix A.1, and its public half, A.2. */
const signingKey = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

const claims = {
  platform: "local",
  id: "mengxiang",
  scopes: ["orders:read", "goods:read"],
  jti: "j1",
} as const;
const parts = (token: string) =>
  token
    .split(".")
    .map((part, at) => (at < 2 ? (JSON.parse(Buffer.from(part, "base64url").toString()) as object) : part));

test("a token is a JWS with what the substation may do, the same every time, in the order of the scopes' own list", () => {
  const token = mintToken(claims, signingKey);
  expect(parts(token)).toEqual([
    { alg: "EdDSA", typ: "JWT" },
    { iss: "local", sub: "mengxiang", scope: "goods:read orders:read", jti: "j1" },
    expect.stringMatching(/^[\w-]{86}$/),
  ]);
  expect(mintToken({ ...claims, scopes: ["goods:read", "orders:read"] }, signingKey)).toBe(token);
  expect(mintToken({ ...claims, jti: "j2" }, signingKey)).not.toBe(token);
  const [header, payload, signature = ""] = token.split(".");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  expect(verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"))).toBe(
    true,
  );
});

test("the public half is that of the RFC, from any form of the key", () => {
  const pem = mainStationPublicKey(signingKey);
  expect(createPublicKey(pem).export({ format: "jwk" })).toMatchObject({ crv: "Ed25519", x });
  const asPem = `-----BEGIN PRIVATE KEY-----\n${signingKey}\n-----END PRIVATE KEY-----\n`;
  expect(mainStationPublicKey(asPem)).toBe(pem);
  expect(mintToken(claims, asPem)).toBe(mintToken(claims, signingKey));
});

test("what is no key of Ed25519 is refused in words that do not show it", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  });
  const advice = 'give one of Ed25519, as "openssl genpkey -algorithm ed25519" writes it';
  expect([signingKey, "hunter2-hunter2", rsa as string].map(signingKeyFinding)).toEqual([
    undefined,
    `that is no private key; ${advice}`,
    `that is a key of another kind (rsa); ${advice}`,
  ]);
  expect(() => mintToken(claims, "hunter2-hunter2")).toThrow(
    /mainStationSigningKey cannot be used: that is no private key/,
  );
});

test("scopes are written in one order, each once", () => {
  expect(orderedScopes(["balance:read", "goods:read", "goods:read"])).toEqual(["goods:read", "balance:read"]);
  expect(formatScopes(Object.keys(scopes).reverse() as (keyof typeof scopes)[])).toBe(
    Object.keys(scopes).join(" "),
  );
  for (const scope of Object.keys(scopes)) expect(scope).toMatch(/^[a-z]+:[a-z]+$/); // no space, which parts them
});
