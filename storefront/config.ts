import { readFileSync } from "node:fs";
import { join } from "node:path";

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
  /** The main station's share of the turnover, in hundredths of a per cent: 1250 is 12.5%. */
  readonly revenueShareBasisPoints: number;
  readonly database: DatabaseConfig;
}

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

/** @throws ConfigError naming every secret that is missing or empty. */
export function loadServerSecrets(dir = secretsDir()): ServerSecrets {
  return reading(dir, (top) => {
    const secrets = top.object("secrets");
    return {
      sessionKey: secrets.secret("sessionKey"),
      mainStationToken: secrets.secret("mainStationToken"),
      callbackSigningKey: secrets.secret("callbackSigningKey"),
    };
  });
}

// A schema library would double the heap of a resting shop (there may be a hundred on a host) for these twenty fields.

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

class Fields {
  constructor(
    private readonly values: Record<string, unknown>,
    private readonly prefix: string,
    private readonly report: (line: string) => unknown,
  ) {}

  value(key: string): unknown {
    return this.values[key];
  }

  problem(key: string, must: string): void {
    const seen = JSON.stringify(this.values[key])?.slice(0, 80) ?? "nothing";
    this.report(`${this.prefix}${key} ${must}, found ${seen}`);
  }

  text(key: string, shape = /\S/): string {
    const value = this.values[key];
    if (typeof value === "string" && shape.test(value)) return value;
    this.problem(
      key,
      shape.source === "\\S" ? "must be a text that is not empty" : `must match ${shape.source}`,
    );
    return "";
  }

  /** A text whose value is never shown. */
  secret(key: string, shape = /\S/): string {
    const value = this.values[key];
    if (typeof value === "string" && shape.test(value)) return value;
    const fault =
      value === undefined
        ? "is missing"
        : typeof value !== "string"
          ? "must be a text"
          : value.trim() === ""
            ? "is empty"
            : `must match ${shape.source}`;
    this.report(`${this.prefix}${key} ${fault}`);
    return "";
  }

  integer(key: string, least: number, most: number): number {
    const value = this.values[key];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    this.problem(key, `must be a whole number from ${least} to ${most}`);
    return least;
  }

  url(key: string): string {
    const value = this.values[key];
    if (typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value)) return value;
    this.problem(key, "must be an http or https address");
    return "";
  }

  object(key: string): Fields {
    const value = this.values[key];
    if (isObject(value)) return new Fields(value, `${this.prefix}${key}.`, this.report);
    this.problem(key, "must be an object");
    return new Fields({}, "", () => undefined);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
