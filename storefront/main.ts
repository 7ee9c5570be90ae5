import { ConfigError, loadConfig, loadServerSecrets } from "./config";
import { migrationClient, openPool } from "./database";
import { log, reason } from "./log";
import { migrate, MigrationError } from "./migrations";
import { serve } from "./server";

const usage = `usage: storefront [serve]   serve the shop on port 8080 (or $SUBSTATION_PORT), its metrics on port 9090
                            (or $SUBSTATION_OPERATIONS_PORT)
       storefront migrate   bring the database to this image's schema, then exit
`;

// Set before anything else: process 1 of a container ignores a signal that it does not handle.
let onStop = (): void => process.exit(143);
process.on("SIGTERM", () => onStop());
process.on("SIGINT", () => onStop());
process.on("uncaughtException", (error) => fail("the storefront failed", error));

const [command = "serve", ...rest] = process.argv.slice(2);
if (rest.length > 0 || (command !== "serve" && command !== "migrate")) {
  process.stderr.write(usage);
  process.exit(2);
}
(command === "migrate" ? runMigrate() : runServe()).catch((error: unknown) =>
  fail(
    command === "migrate" ? "the database could not be migrated" : "the storefront could not start",
    error,
  ),
);

async function runServe(): Promise<void> {
  const config = loadConfig();
  const secrets = loadServerSecrets(); // of them only the channels' are used yet, but a shop that lacks one must not open
  const server = await serve(config, secrets, openPool(config.database), log, {
    port: Number(process.env["SUBSTATION_PORT"] ?? 8080),
    operationsPort: Number(process.env["SUBSTATION_OPERATIONS_PORT"] ?? 9090),
  });
  log("info", "serving", { id: config.id, port: server.port, operationsPort: server.operationsPort });
  onStop = () => {
    onStop = () => process.exit(143); // asked twice: at once
    log("info", "stopping: draining first");
    server.drain().then(
      () => {
        log("info", "stopped");
        process.exit(0);
      },
      (error: unknown) => fail("the storefront failed while stopping", error),
    );
  };
}

async function runMigrate(): Promise<void> {
  const config = loadConfig();
  const client = migrationClient(config.database);
  client.on("error", (error) => log("warn", "the database connection was lost", reason(error))); // the query fails too
  await client.connect();
  try {
    const { applied, version, loaded } = await migrate(client, config);
    log("info", applied.length + loaded > 0 ? "migrated" : "up to date", {
      version,
      applied: applied.length,
      loaded,
    });
  } finally {
    await client.end();
  }
}

function fail(message: string, error: unknown): never {
  log("error", message, { ...reason(error), hint: hint(error) });
  process.exit(1);
}

/** What to do about it, for the causes that a set-up has. */
function hint(error: unknown): string {
  if (error instanceof ConfigError) return "mend the files named here; docs/image-contract.md lists them";
  if (error instanceof MigrationError) return "nothing was changed";
  const code = (error as { code?: string }).code ?? "";
  if (code === "28P01" || code === "28000")
    return "the role, its password or pg_hba.conf does not match database.user";
  if (code === "42501")
    return "the role lacks a right: it must own schema shop, or be allowed to CREATE in the database";
  if (code === "55P03")
    return "another `migrate` still runs, or a session holds a lock: look at pg_stat_activity";
  if (code === "EADDRINUSE") return "another process has the port";
  if (/CERT|TLS|SSL|ALTNAME|SIGNED/.test(code))
    return "database.ca must be the server's CA, and its certificate name database.host";
  if (/^E[A-Z]+$/.test(code)) return "PostgreSQL must be reachable at database.host and database.port";
  return "see error";
}
