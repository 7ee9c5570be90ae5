import { channelKinds } from "../channels";
import { channelsIn } from "../channels/check";
import { secretNamePattern } from "../channels/schema";
import type { Path } from "../document";
import { modules } from "../modules";
import type { ModuleName } from "../modules/types";
import { printable } from "../problem";
import { valueAt } from "../shape";
import { leastMarkup } from "../terms";
import { limitText } from "../tiers";
import { money, share } from "../units";
import type { Context } from "./context";
import type { Bound, ExplainedField, Source } from "./types";

/** What stands for a value that the file does not say. */
interface Fallback extends Pick<ExplainedField, "at" | "why"> {
  readonly value: string | undefined;
  readonly source: Source;
}

/** Every field that the file says or could say. */
export function writtenFields(context: Context): ExplainedField[] {
  return leaves(context, []).map((path) => explainPath(context, path));
}

/** Where values end, in the order of the schema. */
function leaves(context: Context, path: Path): Path[] {
  const { document, template } = context;
  const shape = context.shapeAt(path);
  const children = shape.children(path);
  const [area, name] = path;
  const value = valueAt(document.value, path);
  if (children === undefined) return isIdle(context, path) ? [] : [path];
  if (area === "modules" && name !== undefined && value === undefined) return [path]; // not in the file: off
  if (area === "suspended" && value === undefined) return [path]; // not in the file: it sells
  if (area === "variables") {
    const declared = Object.keys(template?.value?.variables ?? {});
    return [...new Set([...declared, ...children])].map((variable) => [area, variable]);
  }
  if (area === "channels" && path.length === 2 && !context.channels.some(({ id }) => id === name)) {
    // What it should be cannot be told where its kind, or its descriptor, cannot.
    const kind = valueAt(value, ["kind"]);
    const keys = kind === "custom" ? ["kind", "adapter"] : ["kind"];
    if (kind === "custom" || !shape.choices([...path, "kind"]).includes(String(kind)))
      return keys.map((key) => [...path, key]);
  }
  return children.flatMap((child) => leaves(context, [...path, child]));
}

/** A channel's field that is neither written nor wanted, and stands for nothing. */
function isIdle(context: Context, path: Path): boolean {
  if (path[0] !== "channels" || valueAt(context.document.value, path) !== undefined) return false;
  return context.shapeAt(path).isOptional(path) && fallbackOf(context, path) === undefined;
}

function explainPath(context: Context, path: Path): ExplainedField {
  const { document } = context;
  const field = printable(path.join(".")); // ids of channels come as they stand in the file
  const value = valueAt(document.value, path);
  const fallback = fallbackOf(context, path);
  const bounds = boundsOf(context, path);
  if (value !== undefined) {
    const instead = fallback && `${nameOf(fallback)}, where the file says nothing; the file wins`;
    const wanted = context.shapeAt(path).isOptional(path) ? "nothing" : "nothing: the file must say it";
    const shown = shownValue(context, path, value);
    return { field, ...shown, source: "file", at: document.at(path), bounds, otherwise: instead ?? wanted };
  }
  const otherwise = `the file, by ${field}: it would win`;
  if (fallback) return { field, ...fallback, bounds, otherwise };
  const why = context.shapeAt(path).isOptional(path)
    ? "the file does not say it"
    : "the file must say it, and does not";
  return { field, value: undefined, source: "nowhere", why, bounds, otherwise };
}

const nameOf = ({ value, source, at }: Fallback): string => {
  const who = source === "default" ? `the default ${value}` : `the ${source}'s ${value ?? "own"}`;
  return at ? `${who} (${at.file}:${at.line}:${at.column})` : who;
};

/** Nothing that somebody may have taken for the place of a secret. */
function shownValue(context: Context, path: Path, value: unknown): Pick<ExplainedField, "value" | "why"> {
  if (path.at(-2) === "secrets" && path[0] === "channels") return secretState(context, value);
  if (context.shapeAt(path).hides(path)) return { value: undefined, why: "written, and not shown here" };
  if (Array.isArray(value)) return { value: value.map(textOf).join(", ") };
  return { value: textOf(value) };
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? printable(value.trim()) : printable(JSON.stringify(value) ?? "");

function secretState({ secrets, group, id }: Context, name: unknown): Pick<ExplainedField, "value" | "why"> {
  if (typeof name !== "string" || !new RegExp(secretNamePattern, "u").test(name))
    return { value: undefined, why: "written, but no name of a secret: not shown here" };
  const stored = secrets?.find((secret) => secret.name === name);
  const set = `substation secret set ${id} ${name}`;
  const why =
    secrets === undefined
      ? `whether it is stored is not known: Pulumi.${group}.yaml is not here`
      : stored === undefined
        ? `not stored yet: ${set}`
        : stored.ciphertext === undefined
          ? `in plain text in Pulumi.${group}.yaml: set it anew, ${set}`
          : `stored, encrypted, in Pulumi.${group}.yaml`;
  return { value: name, why };
}

function fallbackOf(context: Context, path: Path): Fallback | undefined {
  const { tier, tierAt, template, platformSettings } = context;
  const [area = "", name = "", key = ""] = path.map(String);
  const ofTier = (value: string | undefined, at: Path): Fallback => ({
    value,
    source: "tier",
    ...place(tierAt(at)),
    ...(value === undefined ? { why: "its tier is not known" } : {}),
  });
  if (area === "markup") return ofTier(tier && share.format(tier.markup.default), ["markup", "default"]);
  if (area === "resources") return ofTier(tier && limitText(tier, name), ["limits", name]);
  if (area === "image") {
    const image = platformSettings.get("storefrontImage");
    const why = image
      ? "the platform's own, pinned by id"
      : `the platform's own; ${platformSettings.file} is not here`;
    return { value: image?.value, source: "platform", ...place(image?.at), why };
  }
  if (area === "modules" && path.length === 2)
    return {
      value: "off",
      source: "default",
      why: `${modules[name as ModuleName].title} is not in the file`,
    };
  if (area === "suspended" && path.length === 1)
    return { value: "no", source: "default", why: "`substation suspend` writes it" };
  if (area === "channels" && key !== "") return ofChannel(context, name, key);
  if (area === "variables") {
    const value = template?.value?.variables?.[name]?.default;
    const at = template?.document?.at(["variables", name, "default"]);
    return value === undefined ? undefined : { value, source: "template", ...place(at) };
  }
  const standing = context.shapeAt(path).default(path);
  return standing === undefined ? undefined : { value: textOf(standing), source: "default" };
}

/** What a channel has where its file says nothing of it. */
function ofChannel({ document, channels, adapters }: Context, id: string, key: string): Fallback | undefined {
  const written = Object.entries(valueAt(document.value, ["channels", id]) ?? {});
  const others = Object.fromEntries(written.filter(([other]) => other !== key));
  const [channel] = channelsIn({ ...document, value: { channels: { [id]: others } } }, adapters);
  if (!channel) return undefined;
  const { title, enabled, sandbox, minimum, maximum, dailyCap, weight, kind } = channel;
  const own: Readonly<Record<string, string>> = {
    title,
    enabled: String(enabled),
    sandbox: String(sandbox),
    minimum: money.format(minimum),
    maximum: money.format(maximum),
    dailyCap: money.format(dailyCap),
    weight: String(weight),
  };
  const value = own[key];
  if (value !== undefined) return { value, source: "default", why: `what a channel of kind ${kind} has` };
  if (kind === "custom") return undefined; // its adapter knows what a sandbox is
  const isKey = channelKinds[kind].fields.some(({ name, type }) => name === key && type === "publicKey");
  if (!isKey || !channels.some((one) => one.id === id && one.sandbox)) return undefined;
  return { value: undefined, source: "platform", why: "the sandbox's own key" };
}

function boundsOf(context: Context, path: Path): Bound[] {
  const { tier, tiers, tierAt, templates, platformSettings } = context;
  const [area = "", name = "", key = ""] = path.map(String);
  const ofTier = (text: string, at: Path): Bound => ({
    text: `${text}, by the tier ${tier?.name}`,
    ...place(tierAt(at)),
  });
  const found: Bound[] = [];
  if (area === "tier" && tiers.length > 0) found.push({ text: `one of ${tiers.join(", ")}` });
  if (area === "template") found.push({ text: `one of ${templates.join(", ")}` });
  if (tier && (area === "markup" || area === "revenueShare"))
    found.push(ofTier(`${share.format(tier[area].from)} to ${share.format(tier[area].to)}`, [area]));
  if (area === "markup") found.push(...floors(context));
  if (tier && area === "resources") found.push(ofTier(`at most ${limitText(tier, name)}`, ["limits", name]));
  if (tier && area === "modules" && (key === "enabled" || path.length === 2))
    found.push(ofTier(`${tier.modules.join(", ") || "no module"} may be on`, ["modules"]));
  if (tier && area === "channels" && key === "kind")
    found.push(ofTier(`one of ${tier.channels.join(", ")}`, ["channels"]));
  if (tier && area === "channels" && key === "enabled")
    found.push(ofTier(`at most ${tier.maximumChannels} enabled`, ["maximumChannels"]));
  if (area === "domain") {
    const zone = platformSettings.get("zone");
    found.push({ text: `one label below ${zone?.value ?? "the platform's zone"}`, ...place(zone?.at) });
  }
  const form = context.shapeAt(path).bounds(path);
  return found.length > 0 || form === undefined ? found : [{ text: form }];
}

/** The least markup that leaves the cost of the goods after share and fee, by each channel that is on. */
function floors({ document, channels }: Context): Bound[] {
  const written = valueAt(document.value, ["revenueShare"]);
  const revenueShareBasisPoints = typeof written === "string" ? share.parse(written) : undefined;
  if (revenueShareBasisPoints === undefined) return [];
  return channels.flatMap(({ id, enabled, feeBasisPoints }) => {
    const least = leastMarkup({ revenueShareBasisPoints, feeBasisPoints });
    if (!enabled || least === undefined || least === 0) return [];
    const text = `at least ${share.format(least)}, or the fee of channels.${printable(id)} sells below the cost`;
    return [{ text, at: document.at(["channels", id, "fee"]) }];
  });
}

const place = (at: ExplainedField["at"]): Pick<ExplainedField, "at"> => (at ? { at } : {});
