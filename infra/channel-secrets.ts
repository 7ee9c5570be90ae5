import * as pulumi from "@pulumi/pulumi";
import type { ChannelSecret, ChannelSecrets } from "../components/channels";
import { secretField } from "../config/channels";
import type { ChannelSpec } from "../config/channels/types";
import { secretValueFinding } from "../config/channels/secret-value";
import type { SubstationSpec } from "../config/fleet";
import { shortHash } from "../config/names";
import type { Problem } from "../config/problem";
import { secretSetting, type StoredSecret } from "../config/stack-secrets";

export interface FoundSecrets {
  /** By substation; complete where there are no problems. */
  readonly of: ReadonlyMap<string, ChannelSecrets>;
  readonly problems: readonly Problem[];
}

/**
 * Values and versions of the secrets that channels name, also of channels that are switched off: money may be under way.
 *
 * A version is a hash of the encrypted value, as the stack's settings file holds it. Every encryption has a nonce of its own, so that the version changes with every
 * `substation secret set`, and with every `pulumi config set --secret` too, and tells nothing to whoever does not have the stack's key.
 * @param stored what the settings file holds
 * @param decrypted value of a setting, undefined where there is none
 */
export function channelSecrets(
  specs: readonly SubstationSpec[],
  stored: readonly StoredSecret[],
  decrypted: (setting: string) => string | undefined,
): FoundSecrets {
  const problems: Problem[] = [];
  const ciphertexts = new Map(stored.map((one) => [secretSetting(one.id, one.name), one.ciphertext]));

  const find = (spec: SubstationSpec, channel: ChannelSpec, field: string, name: string) => {
    const setting = secretSetting(spec.id, name);
    const [value, ciphertext] = [decrypted(setting), ciphertexts.get(setting)];
    const problem = (code: Problem["code"], why: string): undefined => {
      const at = spec.at(["channels", channel.id, "secrets", field]);
      const message = `channels.${channel.id}.secrets.${field} is ${name}: ${why}.`;
      problems.push({ ...at, code, message });
    };
    const set = `"substation secret set ${spec.id} ${name}"`;
    if (value === undefined) return problem("secret/missing", `there is no such secret; set it with ${set}`);
    if (ciphertext === undefined) {
      const why = `Pulumi has a value for it that is not, encrypted, in Pulumi.${spec.group}.yaml of the typed files' folder`;
      return problem("secret/missing", `${why}; run Pulumi without --config-file, or set it with ${set}`);
    }
    const why = secretValueFinding(secretField(channel, field), value);
    if (why) return problem("secret/value", `its value cannot be used: ${why}, with ${set}`);
    return { value: pulumi.secret(value), version: shortHash(ciphertext) };
  };

  const of = specs.map((spec) => {
    const channels = spec.channels.map((channel) => {
      const fields = Object.entries(channel.secrets).flatMap(([field, name]): [string, ChannelSecret][] => {
        const found = find(spec, channel, field, name);
        return found ? [[field, found]] : [];
      });
      return [channel.id, Object.fromEntries(fields)] as const;
    });
    return [spec.id, Object.fromEntries(channels)] as const;
  });
  return { of: new Map(of), problems };
}
