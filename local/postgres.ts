import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { certificateFiles, ensureCertificate } from "./certificates";
import { UserError } from "../config/error";
import { ensureFolder, errorCode, readIfPresent, syncFolder, writeFileAtomic } from "./files";
import { secret, type Home, type Instance } from "./home";
import { ensureMainStation } from "./main-station";
import { ensureLoopbackAddress } from "./network";
import { installBinaries, type PostgresBinaries } from "./postgres-binaries";
import {
  configFile,
  hbaFile,
  identFile,
  provisioner,
  superuser,
  type PostgresSettings,
} from "./postgres-config";
import {
  launch,
  places,
  runningServer,
  serverEnvironment,
  socketClient,
  stopPostgres,
} from "./postgres-process";
import { prepareServer } from "./postgres-roles";
import type { ProcessIdentity } from "../inventory/process";
import { commandOf, findProcesses, until } from "./process";
import { type Progress } from "./progress";
import { serverUser, type SystemUser } from "./system-user";

/** How substations' databases are made and reached. */
export interface DatabaseAccess {
  /** As this machine reaches the server. */
  readonly host: string;
  readonly port: number;
  /** As containers reach it, on the same port. */
  readonly address: string;
  /** The provisioner: CREATEDB and CREATEROLE, not a superuser. */
  readonly user: string;
  readonly password: string;
  /** PEM file of the authority that the server's certificate is verified with. */
  readonly caFile: string;
}

/**
 * Starts the instance's PostgreSQL, or finds it running; makes it at the first start. Whatever happened before (killed, out of power, half
 * made), afterwards it answers over TLS, is configured as this version wants it, and has its provisioner
 * and its main station.
 */
export async function startPostgres(instance: Instance, progress: Progress): Promise<DatabaseAccess> {
  const { home } = instance;
  const at = places(home);
  const user = serverUser();
  ensureLoopbackAddress(instance.databaseAddress);
  ensureFolder(home.postgres, 0o700, user);
  for (const folder of [at.socket, at.tls, path.join(home.postgres, "log")])
    ensureFolder(folder, 0o700, user);
  checkSocketPath(at.socket, instance.databasePort);
  const renewed = ensureCertificate(home, at.tls, ["localhost", "127.0.0.1", instance.databaseAddress], user);
  const binaries = installBinaries(home.postgres, user);
  if (!fs.existsSync(at.data))
    await progress.step("Creating the database cluster", () => initialise(home, binaries, user));
  const made = readIfPresent(path.join(at.data, "PG_VERSION"))?.trim();
  if (made !== binaries.major) {
    throw new UserError(
      `${at.data} was made by PostgreSQL ${made ?? "(unknown)"}, and this version of Substation brings ${binaries.major}. Dump it with the old one and restore it, or start anew with \`substation local reset\`.`,
    );
  }
  const changed = writeConfiguration(instance, at.data, at.socket, user);
  const before = runningServer(home);
  if (!before) await progress.step("Starting PostgreSQL", (note) => launch(instance, binaries, user, note));
  else if (changed || renewed) await reload(instance, before, binaries, user, progress);

  const access = accessTo(instance);
  await prepareServer(socketClient(instance), access);
  await ensureMainStation(socketClient(instance), secret(home, "main-station-password"));
  return access;
}

export const accessTo = (instance: Instance): DatabaseAccess => ({
  host: "127.0.0.1",
  port: instance.databasePort,
  address: instance.databaseAddress,
  user: provisioner,
  password: secret(instance.home, "database-password"),
  caFile: certificateFiles(instance.home, "").caFile,
});

/** Made beside its place and renamed when whole: a half-made cluster is never taken for one. */
async function initialise(home: Home, binaries: PostgresBinaries, user: SystemUser): Promise<void> {
  const { data } = places(home);
  // The initdb of a start that was killed goes on for a moment, and must not write while its folder is removed.
  const atWork = (pid: number) => commandOf(pid).some((argument) => argument.startsWith(`${data}.new-`));
  await until(() => findProcesses(atWork).length === 0, 30_000);
  for (const name of fs.readdirSync(home.postgres).filter((entry) => entry.startsWith("data.new-"))) {
    fs.rmSync(path.join(home.postgres, name), { recursive: true, force: true });
  }
  const temporary = `${data}.new-${process.pid}`;
  const locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const result = spawnSync(
    path.join(binaries.bin, "initdb"),
    [
      "-D",
      temporary,
      "-U",
      superuser,
      "--auth-local=peer",
      "--auth-host=scram-sha-256",
      "--data-checksums",
      ...locale,
    ],
    { encoding: "utf8", cwd: "/", uid: user.uid, gid: user.gid, env: serverEnvironment() },
  );
  if (result.status !== 0) {
    fs.rmSync(temporary, { recursive: true, force: true });
    throw new UserError(
      `PostgreSQL's initdb failed in ${home.postgres}: ${(result.error?.message ?? result.stderr).trim()}`,
    );
  }
  fs.renameSync(temporary, data);
  syncFolder(home.postgres);
}

/** Writes the three files. Returns whether one of them changed. */
function writeConfiguration(
  instance: Instance,
  data: string,
  socketFolder: string,
  user: SystemUser,
): boolean {
  const { certificateFile, keyFile } = certificateFiles(
    instance.home,
    path.join(instance.home.postgres, "tls"),
  );
  const settings: PostgresSettings = {
    platform: instance.name,
    port: instance.databasePort,
    databaseAddress: instance.databaseAddress,
    edgeSubnet: instance.edgeSubnet,
    socketFolder,
    certificateFile,
    keyFile,
    operators: [...new Set([user.name, process.getuid?.() === 0 ? "root" : user.name])],
  };
  const files = {
    "postgresql.conf": configFile(settings),
    "pg_hba.conf": hbaFile(settings),
    "pg_ident.conf": identFile(settings),
  };
  return Object.entries(files)
    .map(([name, text]) => writeFileAtomic(path.join(data, name), text, 0o600, user))
    .some(Boolean);
}

/** Applies changed files to a running server: by a reload where that is enough, else by a restart. */
async function reload(
  instance: Instance,
  server: ProcessIdentity,
  binaries: PostgresBinaries,
  user: SystemUser,
  progress: Progress,
): Promise<void> {
  const client = socketClient(instance)("postgres");
  let pending = true;
  try {
    await client.connect();
    const before = await client.query<{ t: Date }>("select pg_conf_load_time() as t");
    process.kill(server.pid, "SIGHUP");
    await until(
      async () =>
        (await client.query<{ t: Date }>("select pg_conf_load_time() as t")).rows[0]!.t > before.rows[0]!.t,
      5_000,
    );
    pending = (await client.query("select 1 from pg_settings where pending_restart")).rowCount !== 0;
  } catch (error) {
    // 08…: no connection, for instance because the port was changed. A restart settles it; anything else is a fault of ours.
    if (!["ENOENT", "ECONNREFUSED", "ECONNRESET"].includes(errorCode(error) ?? "")) throw error;
  } finally {
    await client.end();
  }
  if (!pending) return;
  await progress.step("Restarting PostgreSQL with its new settings", async (note) => {
    await stopPostgres(instance.home);
    await launch(instance, binaries, user, note);
  });
}

function checkSocketPath(folder: string, port: number): void {
  const socket = path.join(folder, `.s.PGSQL.${port}`);
  if (Buffer.byteLength(socket) > 107) {
    throw new UserError(
      `The path of PostgreSQL's socket is longer than the 107 bytes that the system allows: ${socket}\nChoose a shorter folder by SUBSTATION_HOME.`,
    );
  }
}
