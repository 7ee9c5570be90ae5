import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { InitialData } from "../config/templates/types";
import type { ChannelConfig } from "./channels/types";
import { Fields, isObject } from "./fields";
import { readInitialData } from "./initial-data";
import { tokenFinding } from "./main-station-token";
import { mostFen } from "./money";
import { type ModuleConfig, modules } from "./modules";
import { isText } from "./modules/types";

/** What `substation.json` says of the shop. Written by Substation, read by the image (docs/image-contract.md). */
export interface StorefrontConfig {
  /** Name of the platform that the shop stands on. */
  readonly platform: string;
  readonly group: string;
  readonly id: string;
  /** Shown to customers. Any text: escape it. */
  readonly title: string;
  readonly tier: string;
  /** Host name, without scheme and port. */
  readonly host: string;
  /** Public address of the home page, without a trailing slash. */
  readonly url: string;
  /** The platform's share of the margin, in hundredths of a per cent: 1250 is 12.5% of what the markup brings. */
  readonly revenueShareBasisPoints: number;
  /** What is added to the main station's prices, in hundredths of a per cent. */
  readonly markupBasisPoints: number;
  /** By module name; what is not there was never switched on. */
  readonly modules: Readonly<Record<string, ModuleConfig>>;
  /** By channel id, without secrets. */
  readonly channels: readonly PlainChannel[];
  /** What a new shop begins with. Only `migrate` is given any. */
  readonly initialData: InitialData;
  /** Undefined while the shop is to sell. */
  readonly suspended: Suspended | undefined;
  readonly mainStation: MainStationConfig;
  readonly database: DatabaseConfig;
}

/** Why the shop sells nothing now. All of it is shown to visitors. */
export interface Suspended {
  /** The day that it began: `2026-11-23`. */
  readonly since: string;
  readonly reason: string;
  /** How to reach who answers for the shop. */
  readonly contact: string;
}

/** The main station's API, as the shop may use it. */
export interface MainStationConfig {
  /** What the shop's token allows: exactly these, or the shop does not start. */
  readonly scopes: readonly string[];
  /** PEM, Ed25519: verifies that token. */
  readonly publicKey: string;
}

/** A channel as `migrate` and the pages may know it. */
export type PlainChannel = Omit<ChannelConfig, "secrets">;

export interface DatabaseConfig {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** The role that logs in: `<name>_app` for the server, `<name>_migrate` for `migrate`. */
  readonly user: string;
  /** The role that the server logs in as, and that `migrate` grants data rights to. */
  readonly appRole: string;
  readonly schema: "shop";
  /** Connections that the server may hold at once. */
  readonly maxConnections: number;
  readonly password: string;
  /** PEM. The server's certificate must chain to it and name `host`. */
  readonly ca: string;
}

/** What only the server gets; `migrate` runs without. */
export interface ServerSecrets {
  readonly sessionKey: string;
  readonly mainStationToken: string;
  readonly callbackSigningKey: string;
  /** The secret fields of each channel that has some: channel id → field → value. */
  readonly channels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A set-up that cannot work. The message lists every problem with its key, and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const contract = 1;
const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

/** Folder of the file, `/run/secrets` in a container. */
export const secretsDir = (): string => process.env["SUBSTATION_SECRETS_DIR"] ?? "/run/secrets";

/** @throws ConfigError naming every key that is missing or wrong. */
export function loadConfig(dir = secretsDir()): StorefrontConfig {
  return reading(dir, (top) => {
    if (top.value("contract") !== contract) {
      top.problem("contract", `must be ${contract}, the version that this image speaks`);
    }
    const database = top.object("database");
    return {
      platform: top.text("platform"),
      group: top.text("group"),
      id: top.text("id"),
      title: top.text("title"),
      tier: top.text("tier"),
      host: top.text("host"),
      url: top.url("url"),
      revenueShareBasisPoints: top.integer("revenueShareBasisPoints", 0, 10_000),
      markupBasisPoints: top.optionalInteger("markupBasisPoints", 0, 100_000, 0),
      modules: readModules(top.optionalObject("modules")),
      channels: readChannels(top.optionalObject("channels")),
      initialData: readInitialData(top.optionalObject("initialData")),
      suspended: readSuspended(top),
      mainStation: readMainStation(top),
      database: {
        host: database.text("host"),
        port: database.integer("port", 1, 65_535),
        name: database.text("name", identifier),
        user: database.text("user", identifier),
        appRole: database.text("appRole", identifier),
        schema: database.text("schema", /^shop$/) as "shop",
        maxConnections: database.integer("maxConnections", 1, 1000),
        password: database.secret("password"),
        ca: database.secret("ca", /-----BEGIN CERTIFICATE-----/),
      },
    };
  });
}

/** @throws ConfigError naming every secret that is missing or empty, and why a token is not this shop's. */
export function loadServerSecrets(dir = secretsDir()): ServerSecrets {
  return reading(dir, (top) => {
    const secrets = top.object("secrets");
    return {
      sessionKey: secrets.secret("sessionKey"),
      mainStationToken: readToken(top, secrets),
      callbackSigningKey: secrets.secret("callbackSigningKey"),
      channels: readChannelSecrets(secrets.optionalObject("channels")),
    };
  });
}

function readMainStation(top: Fields): MainStationConfig {
  const mainStation = top.object("mainStation");
  return {
    scopes: mainStation.list("scopes", "must be a list of texts", isText),
    publicKey: mainStation.text("publicKey", /-----BEGIN PUBLIC KEY-----/),
  };
}

function readSuspended(top: Fields): Suspended | undefined {
  if (top.value("suspended") === undefined) return undefined;
  const suspended = top.object("suspended");
  return {
    since: suspended.text("since"),
    reason: suspended.text("reason"),
    contact: suspended.text("contact"),
  };
}

/** A shop with another's token, or with more or fewer scopes than its tier says, is a mistake that must be seen at once. */
function readToken(top: Fields, secrets: Fields): string {
  const token = secrets.secret("mainStationToken");
  const { scopes, publicKey } = readMainStation(top);
  if (token === "" || publicKey === "") return token; // said already
  const why = tokenFinding(token, publicKey, { platform: top.text("platform"), id: top.text("id"), scopes });
  if (why !== undefined) secrets.hiddenProblem("mainStationToken", why);
  return token;
}

/** A module that this image does not know is another image's: nothing is sold for it. */
function readModules(fields: Fields): Record<string, ModuleConfig> {
  const known = modules.filter(({ name }) => fields.value(name) !== undefined);
  return Object.fromEntries(
    known.map((module) => {
      const settings = fields.object(module.name);
      return [module.name, { enabled: settings.boolean("enabled"), ...module.readSettings(settings) }];
    }),
  );
}

const channelId = /^[a-z0-9-]{2,20}$/;

function readChannels(fields: Fields): PlainChannel[] {
  return fields.keys().map((id) => {
    if (!channelId.test(id)) fields.problem(id, `is no channel id: ${channelId.source}`);
    const channel = fields.object(id);
    const minimum = channel.integer("minimum", 1, mostFen);
    const kind = channel.text("kind");
    return {
      id,
      kind,
      title: channel.text("title"),
      enabled: channel.boolean("enabled"),
      sandbox: channel.boolean("sandbox"),
      ...(kind === "custom"
        ? { gateway: "", adapter: readAdapter(channel.object("adapter")) }
        : { gateway: channel.url("gateway") }),
      notifyUrl: channel.url("notifyUrl"),
      returnUrl: channel.url("returnUrl"),
      minimum,
      maximum: channel.integer("maximum", minimum, mostFen),
      dailyCap: channel.optionalInteger("dailyCap", 0, Number.MAX_SAFE_INTEGER, undefined),
      feeBasisPoints: channel.integer("feeBasisPoints", 0, 10_000),
      weight: channel.integer("weight", 0, 1_000_000),
      fields: channel.optionalObject("fields").texts("plain"),
    };
  });
}

const readAdapter = (fields: Fields) => ({
  port: fields.integer("port", 1024, 65_535),
  merchant: fields.text("merchant"),
});

const readChannelSecrets = (fields: Fields): ServerSecrets["channels"] =>
  Object.fromEntries(fields.keys().map((id) => [id, fields.object(id).texts("secret")]));

function reading<T>(dir: string, read: (top: Fields) => T): T {
  const path = join(dir, "substation.json");
  const problems: string[] = [];
  const top = parse(path, (line) => problems.push(`${path}: ${line}`));
  const result = top && read(top);
  if (!result || problems.length > 0) throw new ConfigError(problems.join("; "));
  return result;
}

/** The file's object; undefined, and one problem, where there is none. */
function parse(path: string, report: (line: string) => unknown): Fields | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    report(code === "ENOENT" ? "is missing" : message);
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return new Fields(value, "", report);
    report("must be a JSON object");
  } catch {
    report("is not JSON"); // the parser's own words would show what stands there
  }
  return undefined;
}
