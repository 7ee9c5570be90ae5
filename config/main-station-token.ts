import { createPublicKey, sign, type KeyObject } from "node:crypto";
import { privateKey } from "./channels/secret-value";
import { formatScopes, type Scope } from "./scopes";

/**
 * The token by which a shop proves to the main station who it is and what it may do: a JWS in its compact form (RFC 7515), signed by Ed25519
 * (RFC 8037) with the platform's key. It says nothing of time, so that the same substation has the same token in every run; another version
 * of the secret is another `jti`. storefront/main-station-token.ts verifies it.
 */
export interface TokenClaims {
  /** Name of the platform that signed it. */
  readonly platform: string;
  /** The substation. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Tells this token from those before it. */
  readonly jti: string;
}

/**
 * @param signingKey of the platform: PKCS #8, PEM or the base64 of it
 * @throws Error where it is none: see `signingKeyFinding`
 */
export function mintToken({ platform, id, scopes, jti }: TokenClaims, signingKey: string): string {
  const signed = [
    { alg: "EdDSA", typ: "JWT" },
    { iss: platform, sub: id, scope: formatScopes(scopes), jti },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${sign(null, Buffer.from(signed), keyOf(signingKey)).toString("base64url")}`;
}

/** The half of the platform's key that verifies, PEM. Public: the main station and every shop have it. */
export const mainStationPublicKey = (signingKey: string): string =>
  createPublicKey(keyOf(signingKey)).export({ type: "spki", format: "pem" }) as string;

/** Why a text cannot be the platform's signing key, and what to give instead; undefined where it can. Says nothing of the text. */
export function signingKeyFinding(text: string): string | undefined {
  const type = privateKey(text)?.asymmetricKeyType;
  if (type === "ed25519") return undefined;
  const seen = type === undefined ? "that is no private key" : `that is a key of another kind (${type})`;
  return `${seen}; give one of Ed25519, as "openssl genpkey -algorithm ed25519" writes it`;
}

function keyOf(signingKey: string): KeyObject {
  const why = signingKeyFinding(signingKey);
  const key = privateKey(signingKey);
  if (why || !key) throw new Error(`the platform's mainStationSigningKey cannot be used: ${why}`);
  return key;
}
