import type { DatabaseServer, Zone } from "../../config/platform";
import { said } from "./commands";

/** What an operator's shell asks the servers with: `psql` and `curl`. Secrets go in by standard input or environment, never on a command line. */

/** Runs statements as the provisioner, each in a transaction of its own, up to the first that fails. Returns rows as lines, columns split by tabs. */
export function psql(server: DatabaseServer, statements: string, signal?: AbortSignal): Promise<string> {
  return said(
    "psql",
    [
      "--no-psqlrc",
      "--quiet",
      "--tuples-only",
      "--no-align",
      "--field-separator=\t",
      "--set=ON_ERROR_STOP=1",
    ],
    {
      input: statements,
      env: {
        PGHOST: server.host,
        PGPORT: String(server.port),
        PGUSER: server.user,
        PGPASSWORD: server.password,
        PGDATABASE: "postgres",
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: server.caFile,
      },
      signal,
    },
  );
}

interface Answer {
  readonly success: boolean;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
  readonly result: unknown;
}

/** One request to the zone's API. Fails where the answer is not a success. */
export async function zoneApi<T>(
  zone: Zone,
  method: "GET" | "POST",
  target: string,
  body?: object,
  signal?: AbortSignal,
): Promise<T> {
  const url = `${zone.api ?? "https://api.cloudflare.com/client/v4"}/zones/${zone.id}${target}`;
  const settings = [
    `url = "${url}"`,
    `request = "${method}"`,
    `header = "Authorization: Bearer ${zone.token}"`,
    ...(body
      ? [`header = "Content-Type: application/json"`, `data = ${JSON.stringify(JSON.stringify(body))}`]
      : []),
  ];
  const text = await said("curl", ["--silent", "--show-error", "--max-time", "15", "--config", "-"], {
    input: settings.join("\n"),
    signal,
  });
  const answer = JSON.parse(text) as Answer;
  if (!answer.success)
    throw new Error(
      `DNS zone ${zone.name}, ${method} ${target}: ${answer.errors.map((e) => `${e.code} ${e.message}`).join("; ")}`,
    );
  return answer.result as T;
}
