import { hkdfSync } from "node:crypto";
import * as random from "@pulumi/random";
import type * as pulumi from "@pulumi/pulumi";

/** Secret values of one substation, known to its containers and to the encrypted state, and to nobody else. */
export interface Secrets {
  readonly migratePassword: pulumi.Output<string>;
  readonly appPassword: pulumi.Output<string>;
  /** Signs the sessions of the shop's visitors. */
  readonly sessionKey: pulumi.Output<string>;
  /** Authenticates the shop to the main station's API. */
  readonly mainStationToken: pulumi.Output<string>;
  /** Signs and checks payment callbacks. */
  readonly callbackSigningKey: pulumi.Output<string>;
}

/** Letters and digits: 64 of them carry 381 bits. */
const rootLength = 64;

/** Bytes of each derived secret; 32 of them are 43 characters that need no quoting anywhere. */
const derivedLength = 32;

/**
 * One random root for each substation, and its secrets derived from it (HKDF, RFC 5869): none tells anything of another or of the root. One resource in place of
 * five: each `RandomPassword` also computes a bcrypt hash that nobody asked for, 60 ms of CPU.
 */
export function createSecrets(id: string, opts: pulumi.CustomResourceOptions): Secrets {
  const root = new random.RandomPassword(`${id}-root`, { length: rootLength, special: false }, opts).result;
  const secret = (name: string) => root.apply((value) => derive(value, name));
  return {
    migratePassword: secret("migrate-password"),
    appPassword: secret("app-password"),
    sessionKey: secret("session-key"),
    mainStationToken: secret("main-station-token"),
    callbackSigningKey: secret("callback-signing-key"),
  };
}

/** The secret of that name: the same for the same root, and base64url. */
export function derive(root: string, name: string): string {
  return Buffer.from(hkdfSync("sha256", root, "substation", name, derivedLength)).toString("base64url");
}
