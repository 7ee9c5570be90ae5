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

/** Letters and digits alone, so that a secret survives every quoting: 40 of them carry 238 bits. */
const length = 40;

export function createSecrets(id: string, opts: pulumi.CustomResourceOptions): Secrets {
  const secret = (name: string) =>
    new random.RandomPassword(`${id}-${name}`, { length, special: false }, opts).result;
  return {
    migratePassword: secret("migrate-password"),
    appPassword: secret("app-password"),
    sessionKey: secret("session-key"),
    mainStationToken: secret("main-station-token"),
    callbackSigningKey: secret("callback-signing-key"),
  };
}
