import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What `config.json` says: the shop, not secret. Written by Substation, read by the image (docs/image-contract.md). */
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

/** A set-up that cannot work. The message lists every problem with its file and key, and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const contract = 1;
const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

/** Folder of the files, `/run/secrets` in a container. */
export const secretsDir = (): string => process.env["SUBSTATION_SECRETS_DIR"] ?? "/run/secrets";

/** @throws ConfigError naming every file and key that is missing or wrong. */
export function loadConfig(dir = secretsDir()): StorefrontConfig {
  return reading(dir, (r) => {
    const top = r.json("config.json");
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
        password: r.secret("database-password"),
        ca: r.secret("database-ca.crt", /-----BEGIN CERTIFICATE-----/),
      },
    };
  });
}

/** @throws ConfigError naming every secret that is missing or empty. */
export function loadServerSecrets(dir = secretsDir()): ServerSecrets {
  return reading(dir, (r) => ({
    sessionKey: r.secret("session-key"),
    mainStationToken: r.secret("main-station-token"),
    callbackSigningKey: r.secret("callback-signing-key"),
  }));
}

// A schema library would double the heap of a resting shop (there may be a hundred on a host) for these twenty fields.

function reading<T>(dir: string, read: (reader: Reader) => T): T {
  const reader = new Reader(dir);
  const result = read(reader);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems.join("; "));
  return result;
}

class Reader {
  readonly problems: string[] = [];
  constructor(private readonly dir: string) {}

  /** A file's text without its last line end. */
  secret(file: string, shape = /\S/): string {
    const text = this.file(file)?.replace(/\r?\n$/, "");
    if (text === undefined) return "";
    if (text.trim() === "") this.problems.push(`${join(this.dir, file)}: is empty`);
    else if (!shape.test(text)) this.problems.push(`${join(this.dir, file)}: must match ${shape.source}`);
    return text;
  }

  json(file: string): Fields {
    const path = join(this.dir, file);
    const text = this.file(file);
    if (text === undefined) return new Fields({}, "", () => undefined); // one problem is enough for a missing file
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value)) return new Fields(value, "", (line) => this.problems.push(`${path}: ${line}`));
      this.problems.push(`${path}: must be a JSON object`);
    } catch (error) {
      this.problems.push(`${path}: is not JSON: ${(error as Error).message}`);
    }
    return new Fields({}, "", () => undefined);
  }

  private file(name: string): string | undefined {
    const path = join(this.dir, name);
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.problems.push(`${path}: ${code === "ENOENT" ? "is missing" : message}`);
      return undefined;
    }
  }
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
