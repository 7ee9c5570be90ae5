import { hkdfSync } from "node:crypto";
import * as random from "@pulumi/random";
import type * as pulumi from "@pulumi/pulumi";
import { mintToken } from "../config/main-station-token";
import type { Owner } from "../config/names";
import type { Scope } from "../config/scopes";
import type { SecretVersions } from "../config/secret-versions";

/** Secret values of one substation, known to its containers and to the encrypted state, and to nobody else. */
export interface Secrets {
  readonly migratePassword: pulumi.Output<string>;
  readonly appPassword: pulumi.Output<string>;
  /** Signs the sessions of the shop's visitors. */
  readonly sessionKey: pulumi.Output<string>;
  /** Authenticates the shop to the main station's API, and says what it may do there: config/main-station-token.ts. */
  readonly mainStationToken: pulumi.Output<string>;
  /** Signs and checks payment callbacks. */
  readonly callbackSigningKey: pulumi.Output<string>;
}

export interface SecretsArgs {
  readonly versions: SecretVersions;
  /** What the token for the main station's API may do: exactly these. */
  readonly scopes: readonly Scope[];
  /** The platform's, which signs that token. */
  readonly signingKey: string;
}

/** Letters and digits: 64 of them carry 381 bits. */
const rootLength = 64;

/** Bytes of each derived secret; 32 of them are 43 characters that need no quoting anywhere. */
const derivedLength = 32;

/**
 * One random root for each substation, and its secrets derived from it (HKDF, RFC 5869): none tells anything of another or of the root. One resource in place of
 * five: each `RandomPassword` also computes a bcrypt hash that nobody asked for, 60 ms of CPU.
 *
 * Another version of the root is another root, and so are all secrets; another version of a secret is that secret alone. Version 1 of everything is what was before
 * there were versions.
 */
export function createSecrets(
  { platform, id }: Owner,
  { versions, scopes, signingKey }: SecretsArgs,
  opts: pulumi.CustomResourceOptions,
): Secrets {
  const keepers = versions.root > 1 ? { keepers: { version: String(versions.root) } } : {};
  const root = new random.RandomPassword(
    `${id}-root`,
    { length: rootLength, special: false, ...keepers },
    opts,
  ).result;
  const secret = (name: string, version: number) => root.apply((value) => derive(value, name, version));
  return {
    migratePassword: secret("migrate-password", versions.migratePassword),
    appPassword: secret("app-password", versions.appPassword),
    sessionKey: secret("session-key", versions.sessionKey),
    mainStationToken: secret("main-station-token-id", versions.mainStationToken).apply((jti) =>
      mintToken({ platform, id, scopes, jti }, signingKey),
    ),
    callbackSigningKey: secret("callback-signing-key", versions.callbackSigningKey),
  };
}

/** The secret of that name and version: the same for the same root, and base64url. */
export function derive(root: string, name: string, version = 1): string {
  const info = version === 1 ? name : `${name}/${version}`;
  return Buffer.from(hkdfSync("sha256", root, "substation", info, derivedLength)).toString("base64url");
}
