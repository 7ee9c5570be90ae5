import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { startPostgres, type TestPostgres } from "../storefront/testing/postgres";
import { breakLock, readLocks } from "./lock";
import { passwordIn } from "./passfile";
import { loginOf } from "./state-database";
import { shownBackend, stateStore } from "./state-store";

/** The table is made here as the engine makes it; that a real engine's locks are read and broken is told by test/e2e/backend.test.ts. */
jest.setTimeout(60_000);

let folder: string;
let postgres: TestPostgres;
let admin: Client;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "substation-passfile-"));
  postgres = await startPostgres();
  admin = await postgres.admin();
  await admin.query("CREATE TABLE pulumi_state (key text PRIMARY KEY, data json NOT NULL)");
  writeFileSync(join(folder, "ca.crt"), postgres.ca);
});
afterAll(async () => {
  await admin.end();
  await postgres.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const passfile = (...lines: string[]): string => {
  const file = join(folder, "passfile");
  writeFileSync(file, lines.join("\n"));
  return file;
};

test("of a password file the first line that fits counts, with what is quoted in it", () => {
  const key = { host: "db.example", port: "5432", database: "state", user: "op" };
  const file = passfile(
    "# a comment",
    "db.example:5432:other:op:wrong",
    String.raw`*:*:state:op:a\:b\\c`,
    "*:*:*:*:later",
  );
  expect(passwordIn(file, key)).toBe(String.raw`a:b\c`);
  expect(passwordIn(file, { ...key, user: "else" })).toBe("later");
  expect(passwordIn(passfile("db.example:5432:state"), key)).toBeUndefined();
  expect(passwordIn(join(folder, "none"), key)).toBeUndefined();
});

test("what the address leaves out is taken from the environment, and TLS is what the driver's would be", () => {
  const env = { PGUSER: "op", PGPASSFILE: passfile("h:5433:state:op:secret") };
  expect(loginOf(new URL("postgres://h:5433/state"), env)).toEqual({
    ...{ host: "h", port: 5433, database: "state", user: "op", password: "secret" },
    ssl: { rejectUnauthorized: false },
  });
  const ca = join(folder, "ca.crt");
  const { password, ssl } = loginOf(
    new URL(`postgres://a:b%40c@h/s?sslmode=verify-full&sslrootcert=${ca}`),
    {},
  );
  expect({ password, ssl }).toEqual({ password: "b@c", ssl: { ca: postgres.ca } });
});

test("a dead owner's lock is broken, and one that was put in its place is not", async () => {
  const backend = `postgres://super@127.0.0.1:${postgres.port}/postgres?sslmode=verify-full&sslrootcert=${join(folder, "ca.crt")}`;
  const env = { PULUMI_BACKEND_URL: backend, PGPASSFILE: passfile("*:*:*:super:super") };
  const store = stateStore(env, { project: "substation", stack: "demo" })!;
  const put = (key: string, pid: number) =>
    admin.query(
      "INSERT INTO pulumi_state VALUES ($1, json_build_object('data', encode(convert_to($2, 'UTF8'), 'base64'))) ON CONFLICT (key) DO UPDATE SET data = excluded.data",
      [
        key,
        JSON.stringify({
          pid,
          username: "op",
          hostname: process.env["HOSTNAME"] ?? "",
          timestamp: "2026-01-01T00:00:00Z",
        }),
      ],
    );
  await put("postgres/.pulumi/locks/organization/substation/demo-2/1.json", 1);
  expect(await readLocks(store)).toEqual([]);
  await put("postgres/.pulumi/locks/organization/substation/demo/1.json", 4_194_304);
  const [lock] = await readLocks(store);
  expect(lock).toMatchObject({ pid: 4_194_304, user: "op" });
  const dead = { ...lock!, owner: "dead" as const };
  await put("postgres/.pulumi/locks/organization/substation/demo/1.json", 4_194_305);
  await breakLock(store, dead);
  expect(await readLocks(store)).toMatchObject([{ pid: 4_194_305 }]);
  await breakLock(store, { ...(await readLocks(store))[0]!, owner: "dead" });
  expect(await readLocks(store)).toEqual([]);
});

test("a server that refuses is told without the password that the address holds", async () => {
  const backend = `postgres://super:hunter2@127.0.0.1:${postgres.port}/postgres`;
  const store = stateStore({ PULUMI_BACKEND_URL: backend }, { project: "substation", stack: "demo" })!;
  const said = await store.locks().then(
    () => "",
    (error: Error) => error.message,
  );
  expect(said).toMatch(
    /^the state's database postgres at 127\.0\.0\.1:\d+ cannot be asked as super \(28P01 /,
  );
  expect(said).not.toContain("hunter2");
  expect(shownBackend(backend)).toBe(`postgres://super:****@127.0.0.1:${postgres.port}/postgres`);
  expect(shownBackend("file://~/state")).toBe("file://~/state");
});
