import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// The script's interpreter; a machine that makes the image has it.
const busybox = existsSync("/bin/busybox") ? test : test.skip;

let dir: string;
let server: Server;
let port: number;
const answers: Record<string, number> = {};
const asked: string[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-health-"));
  Object.assign(answers, { "/readyz": 503, "/healthz": 200 });
  asked.length = 0;
  server = createServer((req, res) => {
    asked.push(req.url!);
    res.writeHead(answers[req.url!] ?? 404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(dir, { recursive: true });
});

const probe = (): ChildProcess =>
  spawn(join(__dirname, "healthcheck"), [], {
    env: { TMPDIR: dir, SUBSTATION_OPERATIONS_PORT: String(port) },
    stdio: "ignore",
  });

/** The exit code, or "lingers": it still runs after two seconds, and all that it is by then is a sleep. */
async function result(): Promise<number | "lingers"> {
  const child = probe();
  const exit = once(child, "exit");
  const first = await Promise.race([
    exit.then(([code]) => code as number),
    sleep(2000, undefined, { ref: false }),
  ]);
  if (first !== undefined) return first;
  expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8").split("\0")).toEqual([
    "/bin/busybox",
    "sleep",
    "25",
    "",
  ]);
  child.kill("SIGKILL");
  await exit;
  return "lingers";
}

busybox("tells the opening and every change at once, and lingers only while all stays well", async () => {
  expect(await result()).toBe(1); // the database does not answer yet
  answers["/readyz"] = 200;
  expect(await result()).toBe(0);
  answers["/readyz"] = 503;
  expect(await result()).toBe("lingers"); // the process is well; the shop shows its maintenance page
  expect(asked).toEqual(["/readyz", "/readyz", "/healthz"]);
  answers["/healthz"] = 503;
  expect(await result()).toBe(1);
  expect(await result()).toBe(1);
  answers["/healthz"] = 200;
  expect(await result()).toBe(0);
  expect(await result()).toBe("lingers");
});

busybox(
  "a shop that never answers fails after 3 s, with no request left behind; one that is not there fails at once",
  async () => {
    server.removeAllListeners("request"); // accepts, and says nothing
    const before = Date.now();
    const child = probe();
    const [socket] = (await once(server, "connection")) as [Socket];
    const cut = once(socket, "close");
    expect((await once(child, "exit"))[0]).toBe(1);
    await cut;
    expect(Date.now() - before).toBeGreaterThan(2900);
    expect(Date.now() - before).toBeLessThan(4500);
    server.close();
    await once(server, "close");
    expect(await result()).toBe(1);
  },
);
