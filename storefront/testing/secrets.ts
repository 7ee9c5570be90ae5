import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestPostgres } from "./postgres";

/** What must never be seen in a log, a page or a metric. */
export const canaries = ["canary-session-key", "canary-station-token", "canary-callback-key"] as const;

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
