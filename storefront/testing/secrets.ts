import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestPostgres } from "./postgres";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");

/** What the shop's token allows, and the key that verifies it. */
export const mainStation = {
  scopes: ["goods:read", "orders:create", "orders:read"],
  publicKey: publicKey.export({ type: "spki", format: "pem" }) as string,
};

/** A token as Substation signs it, for the main station's API. */
export function stationToken(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = { alg: "EdDSA", typ: "JWT" },
): string {
  const all = { iss: "local", sub: "mengxiang", scope: mainStation.scopes.join(" "), jti: "canary-jti" };
  const signed = [header, { ...all, ...claims }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** What must never be seen in a log, a page or a metric. */
export const canaries = ["canary-session-key", stationToken(), "canary-callback-key"] as const;

/**
 * Fills `dir` as Substation fills `/run/secrets`, for the role `<name>_<role>` of `postgres`; `more` are keys of the file. Returns `dir`.
 */
export function writeSecrets(
  dir: string,
  postgres: Pick<TestPostgres, "port" | "ca">,
  name: string,
  role: "app" | "migrate",
  more: Record<string, unknown> = {},
): string {
  mkdirSync(dir, { recursive: true });
  const [sessionKey, mainStationToken, callbackSigningKey] = canaries;
  const config = {
    contract: 1,
    platform: "local",
    group: "demo",
    id: "mengxiang",
    title: "梦想<点>卡",
    tier: "standard",
    host: "mengxiang.substation.test",
    url: "http://mengxiang.substation.test:8080",
    revenueShareBasisPoints: 1250,
    mainStation,
    database: {
      host: "127.0.0.1",
      port: postgres.port,
      name,
      user: `${name}_${role}`,
      appRole: `${name}_app`,
      schema: "shop",
      maxConnections: 3,
      password: `pw-${name}_${role}`,
      ca: postgres.ca,
    },
    ...(role === "app" ? { secrets: { sessionKey, mainStationToken, callbackSigningKey } } : {}),
    ...more,
  };
  writeFileSync(join(dir, "substation.json"), JSON.stringify(config));
  return dir;
}
