import { z } from "zod";

import type { Document } from "../document";
import { reporter, validate, type Report } from "../issues";
import { quote } from "../problem";
import type { Problem } from "../problem";
import type { StoredSecret } from "../stack-secrets";
import { nearest } from "../suggest";
import type { Tier, Tiers } from "../tiers";
import { otherTiers } from "../tiers";
import { money } from "../units";
import type { Adapters } from "./descriptor";
import { channelKinds, descriptorOf } from "./index";
import { adapterChannelSchema, channelSchema, channelSpec, isConditional } from "./schema";
import type { Adapter, BuiltInKind, ChannelDescriptor, ChannelSpec } from "./types";

/** The channels of a file that could be read; those with mistakes of form are left out. */
export function channelsIn(document: Document, adapters: Adapters): ChannelSpec[] {
  return writtenChannels(document).flatMap(([id, written]) => {
    const adapter = adapterIn(written, adapters);
    if (written["kind"] === "custom" && !adapter) return [];
    const read = (adapter ? adapterChannelSchema(adapter) : channelSchema).safeParse(written);
    return read.success ? [channelSpec(id, read.data, adapter)] : [];
  });
}

/** What a custom channel names, where that can be used. */
export const adapterIn = ({ kind, adapter }: Written, { byName }: Adapters): Adapter | undefined =>
  kind === "custom" && typeof adapter === "string" ? byName.get(adapter) : undefined;

const descriptorIn = (written: Written, adapters: Adapters): ChannelDescriptor | undefined =>
  adapterIn(written, adapters)?.descriptor ??
  (isBuiltIn(written["kind"]) ? channelKinds[written["kind"]] : undefined);

type Written = Readonly<Record<string, unknown>>;

/** As they stand in the file, right or wrong, by id. */
function writtenChannels(document: Document): [id: string, written: Written][] {
  const { channels } = (document.value ?? {}) as Written;
  if (!isObject(channels)) return [];
  return Object.entries(channels).flatMap(([id, written]) => (isObject(written) ? [[id, written]] : []));
}

const isObject = (value: unknown): value is Written => typeof value === "object" && value !== null;

const isBuiltIn = (kind: unknown): kind is BuiltInKind =>
  typeof kind === "string" && Object.hasOwn(channelKinds, kind);

/** Whether channels agree in themselves, with each other and with the tier; of a file whose other keys may be wrong. */
export function channelProblems(
  document: Document,
  channels: readonly ChannelSpec[],
  adapters: Adapters,
  tier: Tier | undefined,
  tiers: Tiers,
): Problem[] {
  const report = reporter(document);
  return [
    ...customProblems(document, adapters, report),
    ...fieldProblems(document, adapters, report),
    ...channels.flatMap((channel) => limitProblems(channel, report)),
    ...merchantProblems(channels, report),
    ...(tier ? tierProblems(channels, tier, tiers, report) : []),
  ];
}

/** Whether custom channels name a payment system that there is, and say what its descriptor wants. */
function customProblems(document: Document, adapters: Adapters, report: Report): Problem[] {
  return writtenChannels(document).flatMap(([id, written]): readonly Problem[] => {
    const { kind, adapter: name } = written;
    if (kind !== "custom" || typeof name !== "string") return []; // the schema says so
    const adapter = adapters.byName.get(name);
    if (adapter) {
      const schema = z.looseObject({ channels: z.looseObject({ [id]: adapterChannelSchema(adapter) }) });
      return validate(schema, document).problems;
    }
    if (adapters.names.includes(name)) return []; // its own file has problems
    const near = nearest(name, adapters.names);
    const all = `of stacks/channels/ are ${adapters.names.join(", ")}`;
    const why =
      near === undefined
        ? `no stacks/channels/<name>.yaml describes it (docs/channel-adapter.md)${adapters.names.length > 0 ? `; those ${all}` : ""}`
        : `did you mean "${near}"? Those ${all}`;
    return [report(["channels", id, "adapter"], "channel/adapter", `is ${quote(name, 40)}: ${why}`)];
  });
}

/**
 * Fields whose presence depends on another key; of a channel whose other keys may be wrong. A public key is wanted except where `sandbox`
 * is true: there the platform's own takes its place, but for custom channels.
 */
function fieldProblems(document: Document, adapters: Adapters, report: Report): Problem[] {
  return writtenChannels(document).flatMap(([id, written]) => {
    const { kind, sandbox, secrets } = written;
    const fields = descriptorIn(written, adapters)?.fields ?? [];
    return fields.filter(isConditional).flatMap((field): Problem[] => {
      const { name, type, secret, when, example } = field;
      const holder = secret ? secrets : written;
      if (!isObject(holder)) return []; // the schema says so
      const path = ["channels", id, ...(secret ? ["secrets"] : []), name];
      const has = holder[name] !== undefined;
      const decides = when && written[when.field];
      if (when && decides !== when.is) {
        const choices = fields.find((other) => other.name === when.field)?.choices ?? [];
        if (!has || typeof decides !== "string" || !choices.includes(decides)) return [];
        const why = `is for ${when.field} ${when.is}, and ${when.field} is ${decides}: remove it`;
        return [report(path, "channel/field", why)];
      }
      if (has || (type === "publicKey" && sandbox === true && kind !== "custom")) return [];
      const because = when ? `, which ${when.field} ${when.is} wants` : "";
      const missing = report(path, "key/missing", `is missing${because}: add it, like ${name}: ${example}`);
      return [{ ...missing, ...document.keyAt(path.slice(0, -1)) }];
    });
  });
}

function limitProblems({ id, minimum, maximum, dailyCap }: ChannelSpec, report: Report): Problem[] {
  const above = (key: string, value: number, other: string, most: number): Problem[] => {
    if (value <= most) return [];
    const why = `is "${money.format(value)}": that is more than ${other}, ${money.format(most)}; no payment would fit`;
    return [report(["channels", id, key], "channel/limits", `${why}; lower it, or raise ${other}`)];
  };
  return [
    ...above("minimum", minimum, "maximum", maximum),
    ...above("maximum", maximum, "dailyCap", dailyCap),
  ];
}

/** Twice the same merchant: one of them has been copied and not edited, or the buyer chooses between two names for one thing. */
function merchantProblems(channels: readonly ChannelSpec[], report: Report): Problem[] {
  const firsts = new Map<string, ChannelSpec>();
  return channels.flatMap((channel) => {
    const { id, kind, sandbox, gateway, fields, adapter } = channel;
    const names = descriptorOf(channel).merchant;
    const merchant = names.map((name) => (name === "gateway" ? gateway : fields[name]));
    const key = JSON.stringify([kind, adapter?.name, sandbox, ...merchant]);
    const first = firsts.get(key);
    if (!first) {
      firsts.set(key, channel);
      return [];
    }
    const same = names.join(" and ");
    const why = `has the same merchant as channels.${first.id} (${same}): write its own, or remove one of the two`;
    return [report(["channels", id, names[0] ?? "kind"], "channel/merchant", why)];
  });
}

function tierProblems(channels: readonly ChannelSpec[], tier: Tier, tiers: Tiers, report: Report): Problem[] {
  const enabled = channels.filter((channel) => channel.enabled);
  const named = `the tier ${tier.name} (${tier.title}) allows`;
  const kinds = enabled
    .filter(({ kind }) => !tier.channels.includes(kind))
    .map(({ id, kind }) => {
      const allowed = tier.channels.length > 0 ? tier.channels.join(", ") : "no channels";
      const instead = otherTiers(tiers, (other) => other.channels.includes(kind));
      const why = `is ${kind}: ${named} ${allowed}; write enabled: false below it${instead}`;
      return report(["channels", id, "kind"], "channel/tier", why);
    });
  const [tooMany] = enabled.slice(tier.maximumChannels);
  if (!tooMany) return kinds;
  const instead = otherTiers(tiers, (other) => other.maximumChannels >= enabled.length);
  const why = `is one of ${enabled.length} enabled channels: ${named} ${tier.maximumChannels}; write enabled: false below some${instead}`;
  return [...kinds, report(["channels", tooMany.id], "channel/too-many", why)];
}

/**
 * Whether every secret that a channel names is stored, encrypted; also of channels that are switched off, which still verify what was
 * paid before.
 * @param stored of the whole group
 * @param elsewhere the other group whose settings hold one that is missing here: the file was moved from there
 */
export function secretProblems(
  document: Document,
  id: string,
  channels: readonly ChannelSpec[],
  stored: readonly StoredSecret[],
  elsewhere: (name: string) => string | undefined,
): Problem[] {
  const report = reporter(document);
  const own = new Map(stored.filter((secret) => secret.id === id).map((secret) => [secret.name, secret]));
  return channels.flatMap((channel) =>
    Object.entries(channel.secrets).flatMap(([field, name]): Problem[] => {
      const path = ["channels", channel.id, "secrets", field];
      const set = `"substation secret set ${id} ${name}"`;
      const secret = own.get(name);
      if (!secret) {
        const from = elsewhere(name);
        if (from !== undefined) {
          const why = `is ${quote(name)}, which the settings of the group ${from} hold: where the file was moved from there, "substation move ${id}" brings all of it here`;
          return [report(path, "secret/missing", why)];
        }
        const near = nearest(name, own.keys());
        const meant = near === undefined ? "" : `did you mean "${near}"? Otherwise `;
        // The platform's own gateways are the built-in kinds'; a custom one's sandbox has values of its own.
        const made = channel.sandbox && channel.kind !== "custom";
        const instead = made ? `, or have it made up for the sandbox by "substation sandbox ${id}"` : "";
        const why = `is ${quote(name)}: no secret of that name is stored for ${id}; ${meant}store it with ${set}${instead}`;
        return [report(path, "secret/missing", why)];
      }
      if (secret.ciphertext !== undefined) return [];
      const why = `is ${quote(name)}: that secret is stored, but not encrypted; store it again with ${set}`;
      return [
        report(path, "secret/plain", `${why}, and have it replaced at the gateway if anybody has seen it`),
      ];
    }),
  );
}
