import * as fs from "node:fs";
import * as path from "node:path";
import { Client } from "pg";
import { UserError } from "../config/error";
import { errorText, readIfPresent, tail } from "./files";
import { type Home, type Instance } from "./home";
import { isFree, listenerOn } from "./network";
import { type PostgresBinaries } from "./postgres-binaries";
import { superuser } from "./postgres-config";
import { identify, isAlive, type ProcessIdentity } from "../inventory/process";
import { findProcesses, folderOf, startDaemon, stopProcess, until } from "./process";
import { type SystemUser } from "./system-user";

/** Where the server keeps what it needs. */
export const places = (home: Home) => ({
  data: path.join(home.postgres, "data"),
  socket: path.join(home.postgres, "run"),
  tls: path.join(home.postgres, "tls"),
  startLog: path.join(home.log, "postgres-start.log"),
});

/** The running server's postmaster. It is known by its working folder, which is its data; so a recycled pid is never taken for it. */
export function runningServer(home: Home): ProcessIdentity | undefined {
  const { data } = places(home);
  const pid = Number(readIfPresent(path.join(data, "postmaster.pid"))?.split("\n")[0]);
  return pid > 0 && worksIn(pid, data) ? identify(pid) : undefined;
}

/** Whether the last server left its pid file behind, which one that shuts down does not. */
export const postgresWasKilled = (home: Home): boolean =>
  !runningServer(home) && fs.existsSync(path.join(places(home).data, "postmaster.pid"));

/** Whether the server answers; undefined if so, else what it said. */
export async function askPostgres(instance: Instance): Promise<string | undefined> {
  const client = socketClient(instance)("postgres");
  try {
    await client.connect();
    await client.query("select 1");
    return undefined;
  } catch (error) {
    return errorText(error);
  } finally {
    await client.end();
  }
}

/** Clients of the superuser, over the unix socket. */
export const socketClient = (instance: Instance) => (database: string) =>
  new Client({
    host: places(instance.home).socket,
    port: instance.databasePort,
    user: superuser,
    database,
    connectionTimeoutMillis: 10_000,
  });

/** Starts the server and waits until it answers. Nothing of an earlier one, however it ended, is in its way. */
export async function launch(
  instance: Instance,
  binaries: PostgresBinaries,
  user: SystemUser,
  note: (text: string) => void,
): Promise<void> {
  const { data, startLog } = places(instance.home);
  await awaitOrphans(data);
  removeForeignPidFile(data);
  if (!(await isFree(instance.databasePort))) {
    throw new UserError(
      `Port ${instance.databasePort}, where this instance's PostgreSQL listens, is taken by ${listenerOn(instance.databasePort)}. Stop that, or change databasePort in ${instance.home.root}/instance.json.`,
    );
  }
  const server = await startDaemon({
    command: path.join(binaries.bin, "postgres"),
    args: ["-D", data],
    log: startLog,
    cwd: "/",
    user,
    env: serverEnvironment(),
  });
  let said: string | undefined;
  // Recovery after a crash may replay much: as long as the server lives and says that it is at it, it is given time.
  const ready = await until(
    async () => {
      said = await askPostgres(instance);
      if (said !== undefined) note(said);
      return said === undefined || !isAlive(server);
    },
    300_000,
    50,
  );
  if (!ready || said !== undefined) {
    throw new UserError(
      `PostgreSQL ${isAlive(server) ? "does not answer" : "ended while it started"}: ${said ?? ""}\n  ${startLog}:${tail(startLog)}`,
    );
  }
}

/** Fast shutdown: clients are sent away, everything is written. If that hangs, stop at once and recover at the next start. */
const stopSignals = [
  ["SIGINT", 30_000],
  ["SIGQUIT", 10_000],
] as const;

/** Stops the instance's PostgreSQL. Returns false where it was not running. */
export async function stopPostgres(home: Home): Promise<boolean> {
  const server = runningServer(home);
  const stopped = server ? await stopProcess(server, "PostgreSQL", stopSignals) : false;
  await awaitOrphans(places(home).data);
  return stopped;
}

/**
 * Processes of a postmaster that was killed: each ends when it notices, and until then a new server must not start on the same data.
 * One that is deep in a query notices late, so after five seconds all are told, and after ten more ended: with no postmaster, the next start
 * recovers as after a crash in any case. All at once, since the one that writes the log ends only after the others.
 */
async function awaitOrphans(data: string): Promise<void> {
  const orphans = () => findProcesses((pid) => worksIn(pid, data)).flatMap((pid) => identify(pid) ?? []);
  if (await until(() => orphans().length === 0, 5_000)) return;
  const ends = orphans().map((orphan) =>
    stopProcess(orphan, "A process of the killed PostgreSQL", [
      ["SIGQUIT", 10_000],
      ["SIGKILL", 5_000],
    ]),
  );
  await Promise.all(ends);
}

/**
 * PostgreSQL refuses to start while the pid in its file is alive, even where that is another program by now. No process of ours is left on
 * this data when this is called, so a file that names a living process names a stranger.
 */
function removeForeignPidFile(data: string): void {
  const file = path.join(data, "postmaster.pid");
  const pid = Number(readIfPresent(file)?.split("\n")[0]);
  if (pid > 0 && identify(pid)) fs.rmSync(file);
}

/** Whether a process has `folder` as its working folder, whatever symbolic links lead there. */
const worksIn = (pid: number, folder: string): boolean =>
  fs.existsSync(folder) && folderOf(pid) === fs.realpathSync(folder);

/** Only what the server needs: no PG… variable and no secret of the caller's environment reaches it. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: "/usr/bin:/bin", LANG: "C", TZ: "UTC" });
