import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleStorefront } from "./build";
import { loadConfig } from "./config";
import { openPool } from "./database";
import type { Log } from "./log";
import { serve } from "./server";
import { schemaVersion } from "./steps";
import { ask, type Reply } from "./testing/ask";
import { selfSigned } from "./testing/certificate";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { run, type Running } from "./testing/run";
import { canaries, mainStation, stationToken, writeSecrets } from "./testing/secrets";

jest.setTimeout(60_000);
let dir: string;
let bundle: string;
let secrets: string;
let postgres: TestPostgres;
const started: Running[] = [];
let pages = ""; // everything that was ever answered

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-serve-"));
  bundle = join(dir, "storefront.cjs");
  [postgres] = await Promise.all([startPostgres(), bundleStorefront(bundle)]);
  await postgres.createShop("ss_a");
  secrets = writeSecrets(join(dir, "app"), postgres, "ss_a", "app");
  const migration = start(writeSecrets(join(dir, "migrate"), postgres, "ss_a", "migrate"), "migrate");
  expect(await migration.ended).toBe(0);
});
afterAll(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

function start(folder: string, ...args: string[]): Running {
  const running = run(bundle, folder, ...args);
  started.push(running);
  return running;
}

async function serving(folder = secrets): Promise<Running & { port: number; operationsPort: number }> {
  const running = start(folder);
  const { port, operationsPort } = (await running.logged("serving")) as {
    port: number;
    operationsPort: number;
  };
  return { ...running, port, operationsPort };
}

async function fetchPage(port: number, path: string, method = "GET", agent?: Agent): Promise<Reply> {
  const reply = await ask(port, path, { method, ...(agent && { agent }) });
  pages += reply.body;
  return reply;
}

async function until(port: number, path: string, status: number): Promise<Reply> {
  for (let tries = 0; ; tries++) {
    const reply = await fetchPage(port, path);
    if (reply.status === status || tries > 100) return reply;
    await sleep(100);
  }
}

test("the shop answers in Chinese from its database, with headers that a browser holds it to", async () => {
  const server = await serving();
  const agent = new Agent({ keepAlive: true });
  const home = await fetchPage(server.port, "/?utm=1", "GET", agent);
  agent.destroy();
  expect(home.status).toBe(200);
  expect(home.body).toContain("<h1>梦想&lt;点&gt;卡</h1>");
  expect(home.body).toContain("「梦想&lt;点&gt;卡」已开通，欢迎光临。"); // only the database knows it
  expect(home.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": expect.stringMatching(/^default-src 'none'; style-src 'sha256-/) as string,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-substation-instance": expect.stringMatching(/./) as string,
    "keep-alive": "timeout=100",
  });
  const head = await fetchPage(server.port, "/", "HEAD");
  expect([head.status, head.body, head.headers["content-length"]]).toEqual([
    200,
    "",
    home.headers["content-length"],
  ]);
  expect(await fetchPage(server.port, "http://elsewhere/healthz")).toMatchObject({
    status: 200,
    body: "ok\n",
  });
  expect(await fetchPage(server.port, "/readyz")).toMatchObject({ status: 200, body: "ready\n" });
  expect(await fetchPage(server.port, "/", "POST")).toMatchObject({
    status: 405,
    headers: { allow: "GET, HEAD", connection: "close" },
  });
  for (const path of ["/metrics", "/__proto__", "/constructor", "/../etc/passwd"]) {
    expect(await fetchPage(server.port, path)).toMatchObject({
      status: 404,
      body: expect.stringContaining("页面不存在") as string,
    });
  }
  const metrics = await fetchPage(server.operationsPort, "/metrics");
  expect(metrics.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(metrics.body).toContain('http_requests_total{route="other",status="404"} 4\n');
  expect(metrics.body).toContain("database_connections_limit 3\n");
  expect(await fetchPage(server.operationsPort, "/readyz")).toMatchObject({ status: 200 });
});

test("two hundred visitors at once take no more connections than the tier allows", async () => {
  const server = await serving();
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, i) => fetchPage(server.port, i % 2 ? "/" : "/readyz")),
  );
  expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]));
  const admin = await postgres.admin();
  const { rows } = await admin.query<{ n: number; tls: boolean }>(
    "SELECT count(*)::int AS n, bool_and(ssl) AS tls FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename = 'ss_a_app' AND application_name = 'storefront'",
  );
  await admin.end();
  const others = started.length; // the other tests' servers may hold theirs
  expect(rows[0]!.n).toBeLessThanOrEqual(3 * others);
  expect(rows[0]!.tls).toBe(true);
  expect((await fetchPage(server.operationsPort, "/metrics")).body).toMatch(
    /database_connections\{state="active"\} 0\ndatabase_connections\{state="idle"\} [12]\n/,
  );
});

test("with its database gone the shop says 维护中 and that it is not ready, and it mends itself", async () => {
  const server = await serving();
  await until(server.port, "/readyz", 200);
  await postgres.stop(true);
  expect((await until(server.port, "/readyz", 503)).body).toBe("database\n");
  expect(await until(server.port, "/", 503)).toMatchObject({
    status: 503,
    headers: { "retry-after": "5" },
    body: expect.stringContaining("店铺正在维护") as string,
  });
  expect((await fetchPage(server.port, "/healthz")).status).toBe(200);
  await postgres.start();
  expect((await until(server.port, "/readyz", 200)).status).toBe(200);
  expect((await until(server.port, "/", 200)).body).toContain("已开通");
  const changes = server.logs().filter((line) => /^the database /.test(String(line["message"])));
  expect(changes.map((line) => line["level"])).toEqual(["error", "info"]); // not a line for each request
});

test("a database that hangs is not waited for longer than two seconds", async () => {
  const server = await serving();
  await until(server.port, "/readyz", 200);
  const admin = await postgres.admin("ss_a");
  await admin.query("BEGIN; LOCK TABLE shop.schema_migrations");
  await sleep(1000); // the answer that is remembered
  const before = Date.now();
  expect((await fetchPage(server.port, "/readyz")).status).toBe(503);
  expect(Date.now() - before).toBeLessThan(2900);
  await admin.end();
  expect((await until(server.port, "/readyz", 200)).status).toBe(200);
});

test("a database that was not migrated is not ready, and the log says what to do", async () => {
  await postgres.createShop("ss_empty");
  const admin = await postgres.admin("ss_empty");
  await admin.query(
    "CREATE SCHEMA shop; CREATE TABLE shop.schema_migrations (version int); GRANT USAGE ON SCHEMA shop TO PUBLIC; GRANT SELECT ON shop.schema_migrations TO PUBLIC",
  );
  await admin.end();
  const server = await serving(writeSecrets(join(dir, "empty"), postgres, "ss_empty", "app"));
  expect((await fetchPage(server.port, "/readyz")).status).toBe(503);
  expect(server.logs().at(-1)!["error"]).toBe(
    `the database is at version 0, this image needs ${schemaVersion}: run \`migrate\` first`,
  );
});

test("told to stop it is unhealthy at once, serves on, finishes what it accepted and loses no request", async () => {
  const server = await serving();
  await until(server.port, "/", 200);
  const statuses: number[] = [];
  const failures: string[] = [];
  let asking = true;
  const visitor = async (agent: Agent | undefined) => {
    while (asking) {
      await fetchPage(server.port, "/", "GET", agent).then(
        (reply) => statuses.push(reply.status),
        (error: Error) => failures.push(error.message),
      );
      await sleep(5);
    }
  };
  const visitors = [1, 2, 3, 4].flatMap(() => [
    visitor(undefined),
    visitor(new Agent({ keepAlive: true, maxSockets: 1 })),
  ]);
  await sleep(300);
  const stopped = Date.now();
  server.child.kill("SIGTERM");
  await server.logged("stopping: draining first");
  expect(await fetchPage(server.port, "/healthz")).toMatchObject({
    status: 503,
    body: "draining\n",
    headers: { connection: "close" },
  });
  expect(await fetchPage(server.operationsPort, "/readyz")).toMatchObject({ status: 503 });
  await sleep(2500 - (Date.now() - stopped));
  asking = false; // by now an ingress has dropped this container
  await Promise.all(visitors);
  expect(failures).toEqual([]);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses.length).toBeGreaterThan(500);

  // Accepted before the doors close, answered after them.
  const admin = await postgres.admin("ss_a");
  await admin.query("BEGIN; LOCK TABLE shop.notice");
  await sleep(2900 - (Date.now() - stopped));
  const late = fetchPage(server.port, "/");
  await sleep(3500 - (Date.now() - stopped));
  await expect(fetchPage(server.port, "/")).rejects.toThrow("ECONNREFUSED");
  await admin.end();
  expect((await late).status).toBe(200);
  expect(await server.ended).toBe(0);
  expect(Date.now() - stopped).toBeLessThan(5000);
});

test("a visitor who never ends a request cannot hold up the end, a resting connection does not try to", async () => {
  const config = loadConfig(secrets);
  const lines: string[] = [];
  const log: Log = (_level, message) => void lines.push(message);
  const options = { port: 0, operationsPort: 0, drainMilliseconds: 0, finishMilliseconds: 300 };
  const stop = async (visit: (port: number) => Promise<unknown>) => {
    const server = await serve(config, { channels: {} }, openPool(config.database), log, options);
    await visit(server.port);
    const before = Date.now();
    await server.drain();
    return Date.now() - before;
  };
  expect(await stop((port) => fetchPage(port, "/", "GET", new Agent({ keepAlive: true })))).toBeLessThan(200);
  expect(lines).toEqual([]);
  const took = await stop(async (port) => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined); // it is cut off
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n"); // and no empty line
    await sleep(50);
  });
  expect(took).toBeGreaterThan(290);
  expect(took).toBeLessThan(1000);
  expect(lines).toEqual(["requests that took too long were cut off"]);
});

test("a server whose certificate is another's, or names another host, gets no password", async () => {
  const strange = writeSecrets(
    join(dir, "strange-ca"),
    { ...postgres, ca: selfSigned("127.0.0.1").certificate },
    "ss_a",
    "app",
  );
  const server = await serving(strange);
  expect((await fetchPage(server.port, "/readyz")).status).toBe(503);
  expect(server.logs().at(-1)).toMatchObject({ level: "error", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });

  const misnamed = writeSecrets(join(dir, "misnamed"), postgres, "ss_a", "migrate");
  const config = JSON.parse(readFileSync(join(misnamed, "substation.json"), "utf8")) as {
    database: { host: string };
  };
  config.database.host = "localhost";
  writeFileSync(join(misnamed, "substation.json"), JSON.stringify(config));
  const migration = start(misnamed, "migrate");
  expect(await migration.ended).toBe(1);
  expect(migration.logs()).toMatchObject([
    {
      level: "error",
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
      hint: expect.stringContaining("database.host") as string,
    },
  ]);
});

test("what cannot start says why in one line, and a wrong command shows the usage", async () => {
  const broken = writeSecrets(join(dir, "broken"), postgres, "ss_a", "migrate"); // without the server's secrets
  const server = start(broken);
  expect(await server.ended).toBe(1);
  expect(server.output().trimEnd().split("\n")).toHaveLength(1);
  expect(server.logs()[0]).toMatchObject({
    level: "error",
    message: "the storefront could not start",
    error: `${join(broken, "substation.json")}: secrets must be an object, found nothing`,
  });
  const wrong = start(secrets, "migrat");
  expect(await wrong.ended).toBe(2);
  expect(wrong.output()).toMatch(/^usage: storefront/);
});

test("a shop with another's token, or with more scopes than it was told of, does not start", async () => {
  const [sessionKey, , callbackSigningKey] = canaries;
  const said = async (name: string, mainStationToken: string) => {
    const folder = writeSecrets(join(dir, name), postgres, "ss_a", "app", {
      secrets: { sessionKey, mainStationToken, callbackSigningKey },
    });
    const server = start(folder);
    expect(await server.ended).toBe(1);
    return server.logs().map(({ error }) => String(error).replace(`${folder}/substation.json: `, ""));
  };
  expect(await said("stranger", stationToken({ sub: "haitang" }))).toEqual([
    "secrets.mainStationToken is of the substation haitang, not of mengxiang",
  ]);
  const scope = [...mainStation.scopes, "members:write"].join(" ");
  expect(await said("greedy", stationToken({ scope }))).toEqual([
    "secrets.mainStationToken allows goods:read members:write orders:create orders:read, and mainStation.scopes says goods:read orders:create orders:read",
  ]);
});

test("no secret was in any page, metric or log of this file's runs", () => {
  const all = pages + started.map((running) => running.output()).join("");
  expect(all).toContain("http_requests_total"); // it did look at something
  expect(all).toContain("the storefront could not start");
  for (const secret of [...canaries, "pw-ss_a"]) expect(all).not.toContain(secret);
});
