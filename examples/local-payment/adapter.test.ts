import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../local/network";
import { listening, type TestGateway } from "../../storefront/channels/testing";

// What a real platform shows of the adapter stands in test/e2e/custom-channel.test.ts. Here the payment system says what ours never would.

const key = "k".repeat(32);
let dir: string;
let server: TestGateway;
let adapter: ChildProcess;
let port: number;
let said: object;

function signed(fields: Readonly<Record<string, string | number>>): object {
  const text = Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return { ...fields, sign: createHmac("sha256", key).update(text).digest("hex") };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "hema-adapter-"));
  server = await listening((_request, response) => response.end(JSON.stringify(said)));
  port = await freePort(9400);
  const fields = { merchantId: "1001", server: server.url };
  const file = join(dir, "channel.json");
  writeFileSync(
    file,
    JSON.stringify({ contract: 1, id: "hema", port, sandbox: true, fields, secrets: { key } }),
  );
  const code = readFileSync(join(__dirname, "adapter.mjs"), "utf8");
  const here = code.replace("/run/secrets/channel.json", file);
  adapter = spawn(process.execPath, ["--input-type=module", "-e", here], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(adapter.stdout!, "data");
});
afterAll(async () => {
  adapter.kill();
  await server.close();
  rmSync(dir, { recursive: true });
});

async function ask(path: string, body: object): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return response.status === 200 ? response.json() : response.status;
}
const paid = {
  merchant: "1001",
  orderNo: "mine",
  amount: 1234,
  status: "PAID",
  serial: "HM1",
  time: new Date().toISOString(),
};

test("an answer about another order says nothing of this one", async () => {
  const query = () => ask("/query", { outTradeNo: "mine" });
  said = signed(paid);
  expect(await query()).toEqual({ state: "paid", amountFen: 1234, merchant: "1001", tradeNo: "HM1" });
  for (const status of ["PAID", "WAIT", "CLOSED"]) {
    said = signed({ ...paid, status, orderNo: "another" });
    expect(await query()).toBe(500);
  }
  said = signed({ status: "UNKNOWN" });
  expect(await query()).toEqual({ state: "unknown" });
});

test("a signature has one spelling", async () => {
  const notify = (fields: object) =>
    ask("/notify", {
      method: "POST",
      body: Buffer.from(JSON.stringify({ ...signed(paid), ...fields })).toString("base64"),
    });
  const { sign } = signed(paid) as { sign: string };
  expect(await notify({})).toMatchObject({ ok: true, outTradeNo: "mine", paid: true });
  for (const other of [`${sign}zz`, sign.toUpperCase(), [sign], "", undefined])
    expect(await notify({ sign: other })).toMatchObject({ ok: false, reason: "signature" });
});
