import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { isObject } from "./fields";

/** What a token for the main station's API says. */
export interface TokenClaims {
  /** Name of the platform that signed it. */
  readonly iss: string;
  /** The substation that it is for. */
  readonly sub: string;
  /** What it allows, parted by spaces. */
  readonly scope: string;
  /** Tells it from the substation's other tokens. */
  readonly jti: string;
}

/** A token that must not be believed. The message says why, and nothing of the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/**
 * The claims of a token that the platform signed. A main station does the same with any library for JWT that knows EdDSA (docs/main-station.md).
 * @param token JWS in its compact form, `EdDSA` and no other algorithm
 * @param publicKey Ed25519, PEM
 * @throws TokenError
 */
export function verifyToken(token: string, publicKey: string): TokenClaims {
  const parts = token.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3) throw new TokenError("is no token: three parts with a dot between them");
  const { alg, crit } = jsonOf(header, "header");
  // Only what is expected, whatever the token asks for: "none" needs no key, and "HS256" would take the public key for a password.
  if (alg !== "EdDSA" || crit !== undefined) throw new TokenError("is not signed by EdDSA");
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, "base64url");
  // One text alone is a token: Buffer.from also takes what is not base64url, and any bits that fill the last character up.
  const exact = bytes.toString("base64url") === signature;
  if (!exact || !verify(null, signed, ed25519(publicKey), bytes))
    throw new TokenError("was not signed by the platform's key, or was changed");
  const { iss, sub, scope, jti } = jsonOf(payload, "payload");
  const claims = { iss, sub, scope, jti };
  if (!isClaims(claims)) throw new TokenError("lacks a claim: iss, sub, scope and jti are texts");
  return claims;
}

/**
 * Why a token is not the shop's own with exactly the scopes that the shop was told of; undefined where it is.
 * @param publicKey Ed25519, PEM
 */
export function tokenFinding(
  token: string,
  publicKey: string,
  shop: { readonly platform: string; readonly id: string; readonly scopes: readonly string[] },
): string | undefined {
  let claims: TokenClaims;
  try {
    claims = verifyToken(token, publicKey);
  } catch (error) {
    if (error instanceof TokenError) return error.message;
    throw error;
  }
  if (claims.iss !== shop.platform) return `is of the platform ${claims.iss}, not of ${shop.platform}`;
  if (claims.sub !== shop.id) return `is of the substation ${claims.sub}, not of ${shop.id}`;
  const [has, wanted] = [claims.scope.split(" "), shop.scopes].map((list) => [...list].sort().join(" "));
  return has === wanted ? undefined : `allows ${has}, and mainStation.scopes says ${wanted}`;
}

function ed25519(publicKey: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPublicKey(publicKey);
  } catch {
    // OpenSSL's own words help nobody.
  }
  if (key?.asymmetricKeyType !== "ed25519")
    throw new TokenError("cannot be verified: the public key is none of Ed25519");
  return key;
}

const isClaims = (claims: Readonly<Record<keyof TokenClaims, unknown>>): claims is TokenClaims =>
  Object.values(claims).every((claim) => typeof claim === "string" && claim !== "");

function jsonOf(part: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (isObject(value)) return value;
  } catch {
    // The parser's own words would show what stands there.
  }
  throw new TokenError(`has a ${what} that is no JSON object`);
}
