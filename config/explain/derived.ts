import type { Path } from "../document";
import { appRole, databaseName, migrateRole } from "../names";
import { valueAt } from "../shape";
import { formatScopes } from "../scopes";
import { limitText } from "../tiers";
import { channelUrlsOf, shopUrl } from "../urls";
import type { Context } from "./context";
import type { ExplainedField } from "./types";

const nothing = "nothing: it follows by itself";

/** What no key of the file says: it follows from the file's place, from the platform, or from the tier alone. */
export function derivedFields(context: Context): {
  readonly first: ExplainedField[];
  readonly last: ExplainedField[];
} {
  const { id, group, file, platform, platformSettings, tier, tierAt } = context;
  const derived = (field: string, value: string | undefined, why: string): ExplainedField => ({
    field,
    value,
    source: "derived",
    why,
    bounds: [],
    otherwise: nothing,
  });
  const name = platformSettings.get("name");
  const database = name && databaseName(name.value, id);
  const ofTier = (field: string, value: string | undefined, at: Path): ExplainedField => {
    const position = tierAt(at);
    return {
      field,
      value,
      source: "tier",
      ...(position ? { at: position } : {}),
      ...(value === undefined ? { why: "its tier is not known" } : {}),
      bounds: [],
      otherwise: "nothing in the file: the tier alone says it",
    };
  };
  const unknown = `not known here: there is no ${platformSettings.file}`;
  const fromPlatform = name ? `hash of ${name.value} and the id` : unknown;
  return {
    first: [
      derived("id", id, `the name of ${file}`),
      derived("group", group, "the folder of its file: a Pulumi stack"),
      {
        field: "platform",
        value: platform.stack,
        source: platform.at ? "platform" : "default",
        ...(platform.at ? { at: platform.at } : {}),
        why: "the stack that it stands on",
        bounds: [],
        otherwise: `"pulumi config set -s ${group} platform <stack>"`,
      },
      url(context, unknown),
    ],
    last: [
      ...(["statementTimeout", "idleTransactionTimeout", "temporaryStorage", "logSize"] as const).map((key) =>
        ofTier(`limits.${key}`, tier && limitText(tier, key), ["limits", key]),
      ),
      ofTier("scopes", tier && formatScopes(tier.scopes).replaceAll(" ", ", "), ["scopes"]),
      derived("database.name", database, fromPlatform),
      derived("database.roles", database && `${migrateRole(database)}, ${appRole(database)}`, fromPlatform),
    ],
  };
}

/** Gateway, notify and return URL of a channel, after its other fields. */
export function channelFields(context: Context, id: string): ExplainedField[] {
  const { channels, platformSettings, document } = context;
  const { value: address, why } = url(context, `not known here: there is no ${platformSettings.file}`);
  const urls = address === undefined ? undefined : channelUrlsOf(address, id);
  const field = (key: string): string => `channels.${id}.${key}`;
  const because = urls ? "of the shop's url and the channel's id; unique" : (why ?? "");
  const addresses = (["notifyUrl", "returnUrl"] as const).map((key): ExplainedField => {
    return {
      field: field(key),
      value: urls?.[key],
      source: "derived",
      why: because,
      bounds: [],
      otherwise: nothing,
    };
  });
  const channel = channels.find((one) => one.id === id);
  if (!channel) return addresses;
  const path = ["channels", id, "gateway"];
  const written = valueAt(document.value, path) !== undefined;
  if (channel.kind === "custom" && channel.gateway === "") return addresses;
  if (!channel.sandbox || channel.kind === "custom") {
    if (written) return addresses; // among the file's own fields
    const real: ExplainedField = {
      field: field("gateway"),
      value: channel.gateway,
      source: "default",
      why: channel.adapter ? `the gateway of ${channel.adapter.name}` : `the gateway of kind ${channel.kind}`,
      bounds: [],
      otherwise:
        channel.kind === "custom"
          ? nothing
          : `the platform's sandbox, by ${field("sandbox")}: true: it would win`,
    };
    return [real, ...addresses];
  }
  const base = platformSettings.get("sandboxGateway");
  const sandbox: ExplainedField = {
    field: field("gateway"),
    value: base && `${base.value}/${channel.kind}`,
    source: "platform",
    ...(base ? { at: base.at } : {}),
    why: base
      ? `the platform's sandbox, since ${field("sandbox")} is true`
      : platformSettings.known
        ? `the platform has no sandboxGateway in ${platformSettings.file}: such a channel is refused there`
        : `not known here: there is no ${platformSettings.file}`,
    bounds: [],
    otherwise: `${channel.gateway}, where ${field("sandbox")} is false`,
  };
  return [sandbox, ...addresses];
}

function url({ document, platformSettings }: Context, unknown: string): ExplainedField {
  const host = valueAt(document.value, ["domain", "host"]);
  const port = platformSettings.get("ingressPort");
  const known = typeof host === "string" && port !== undefined;
  return {
    field: "url",
    value: known ? shopUrl(host, Number(port.value)) : undefined,
    source: "derived",
    ...(known ? { at: port.at } : {}),
    why: known
      ? "domain.host, and the platform's ingressPort"
      : typeof host === "string"
        ? `${host}, on a port that is ${unknown}`
        : "the file has no domain.host",
    bounds: [],
    otherwise: nothing,
  };
}
