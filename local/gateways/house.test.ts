import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";
import { testBed as dnsTestBed } from "../dns/testing";
import { until } from "../process";
import { GatewayControl } from "./client";
import type { GatewaysOptions } from "./server";
import { testBed, type Material, type TestBed } from "./testing";

/** What all gateways have in common, shown with epay's version 1: when callbacks come, where they may go, what is kept. */
let bed: TestBed;
let merchant: Material;
afterEach(() => bed.end());

async function start(options: Partial<GatewaysOptions> = {}): Promise<void> {
  bed = await testBed(options);
  merchant = await bed.newMerchant("epayV1");
}

const which = (outTradeNo: string) => ({ kind: "epay" as const, merchant: merchant.merchant, outTradeNo });

function opening(outTradeNo: string, notifyUrl = bed.notifyUrl("epay")): string {
  const params: Record<string, string> = {
    money: "5.00",
    name: "goods",
    notify_url: notifyUrl,
    out_trade_no: outTradeNo,
    pid: merchant.merchant,
    type: "alipay",
  };
  const text = Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const sign = createHash("md5")
    .update(text + merchant.secrets["key"]!)
    .digest("hex");
  return `${bed.url}/epay/mapi.php?${new URLSearchParams({ ...params, sign, sign_type: "MD5" }).toString()}`;
}
const open = (outTradeNo: string, notifyUrl?: string) => fetch(opening(outTradeNo, notifyUrl));
const order = async (outTradeNo: string) => (await bed.control.orders(which(outTradeNo)))[0]!;
const settled = (outTradeNo: string) => until(async () => !(await order(outTradeNo)).due, 10_000);

async function paid(outTradeNo: string, notifyUrl?: string) {
  await open(outTradeNo, notifyUrl);
  await bed.control.pay(which(outTradeNo));
  await settled(outTradeNo);
  return (await order(outTradeNo)).callbacks;
}

describe("callbacks", () => {
  test("are repeated until one is heard, and no longer", async () => {
    await start();
    bed.reply(() => (bed.calls.length < 3 ? [500, "database down"] : [200, "success"]));
    const callbacks = await paid("a");
    expect(callbacks.map(({ status, body, acknowledged }) => [status, body, acknowledged])).toEqual([
      [500, "database down", false],
      [500, "database down", false],
      [200, "success", true],
    ]);
    expect(new Set(bed.calls.map(({ url }) => url)).size).toBe(1);
  });

  test("end with the last of the gateway's intervals, which pass faster than the real ones", async () => {
    await start();
    bed.reply(() => [200, "ok"]); // a success of HTTP that is not the word that is asked for
    expect(await paid("b")).toHaveLength(6);
    // 1, 3 and 20 minutes, 1 and 2 hours: 12,240 s, at 10,000 times the speed.
    expect(bed.calls).toHaveLength(6);
    const { callbacks } = await order("b");
    expect(callbacks[5]!.at - callbacks[0]!.at).toBeGreaterThanOrEqual(1_200);
  });

  test("none, several at once, and one more on demand, right or wrong", async () => {
    await start();
    await bed.control.misbehave(which("none"), { callbacks: 0 });
    expect(await paid("none")).toEqual([]);
    expect(bed.calls).toEqual([]);
    expect(await bed.control.notify(which("none"), { wrong: ["amount"] })).toMatchObject({
      acknowledged: true,
      wrong: ["amount"],
      status: 200,
    });
    expect(bed.calls[0]!.url).toContain("money=0.01");

    bed.calls.length = 0;
    await bed.control.misbehave(which("many"), { callbacks: 20 });
    await paid("many");
    expect(await until(async () => (await order("many")).attempts === 20, 10_000)).toBe(true);
    expect(bed.calls).toHaveLength(20);
  });

  test("late, by real seconds; a merchant's misbehaviour is that of all its orders that have none of their own", async () => {
    await start();
    const { kind, merchant: id } = which("");
    await bed.control.misbehave({ kind, merchant: id }, { callbackDelaySeconds: 0.4 });
    await bed.control.misbehave(which("own"), {});
    for (const [number, late] of [
      ["late", true],
      ["own", false],
    ] as const) {
      const [callback] = await paid(number);
      const { paidAt } = await order(number);
      expect([number, callback!.at - paidAt! >= 399]).toEqual([number, late]);
    }
  });

  test("before the answer: the shop is called while it still waits for what it asked", async () => {
    await start();
    await bed.control.misbehave(which("early"), { callbackBeforeAnswer: true });
    let answered = false;
    let calledFirst = false;
    bed.reply(() => {
      calledFirst = !answered;
      return [200, "success"];
    });
    const answer = await open("early");
    answered = true;
    expect(await answer.json()).toMatchObject({ code: 1 });
    expect(calledFirst).toBe(true);
    expect(await order("early")).toMatchObject({ due: false, attempts: 1 });
  });

  test("do not follow redirects, and show where they were sent", async () => {
    await start();
    let visitors = 0;
    const elsewhere = http.createServer((_, response) => {
      visitors++;
      response.end("success");
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const location = `http://127.0.0.1:${(elsewhere.address() as { port: number }).port}/`;
    bed.reply(() => [302, "success", { location }]);
    const callbacks = await paid("moved");
    expect(callbacks[0]).toMatchObject({ status: 302, location, acknowledged: false });
    expect(visitors).toBe(0);
    await new Promise((resolve) => elsewhere.close(resolve));
  });

  test("go on after a restart, and what was paid stays paid", async () => {
    await start({ speed: 60 });
    bed.reply(() => [500, ""]);
    await open("kept");
    await bed.control.pay(which("kept"));
    await until(() => bed.calls.length > 0, 10_000);
    bed.reply(() => [200, "success"]);
    await bed.restart();
    await settled("kept");
    expect(await order("kept")).toMatchObject({ attempts: 2, due: false, amountFen: 500 });
    expect(bed.calls).toHaveLength(2);
    for (const file of ["orders.jsonl", "merchants.json"])
      expect([file, fs.statSync(path.join(bed.home, file)).mode & 0o777]).toEqual([file, 0o600]);
  });
});

describe("answers", () => {
  test("are slow, or 500 after all was done", async () => {
    await start();
    await bed.control.misbehave(which("slow"), { answerDelaySeconds: 0.4 });
    const began = Date.now();
    expect(await (await open("slow")).json()).toMatchObject({ code: 1 });
    expect(Date.now() - began).toBeGreaterThanOrEqual(399);
    await bed.control.misbehave(which("broken"), { answerStatus: 500 });
    const broken = await open("broken");
    expect([broken.status, await broken.text()]).toEqual([500, ""]);
    expect(await order("broken")).toMatchObject({ amountFen: 500 });
  });

  test("of 65 KiB of questions: none", async () => {
    await start();
    const answer = await fetch(`${bed.url}/epay/mapi.php`, { method: "POST", body: "x".repeat(65_537) });
    expect(answer.status).toBe(413);
  });
});

describe("callbacks go", () => {
  const said = async (notifyUrl: string) => {
    const number = notifyUrl.replace(/\W/g, "-");
    await bed.control.misbehave(which(number), { callbacks: 0 });
    await paid(number, notifyUrl);
    return await bed.control.notify(which(number));
  };

  test("to this machine and the edge network, never further", async () => {
    await start({ reach: { edgeSubnet: "198.18.16.0/20" } }); // no platform on this machine has one beside it
    for (const address of ["203.0.113.9", "198.18.15.1", "198.18.32.1", "169.254.169.254", "0.0.0.0"])
      expect(await said(`http://${address}/`)).toMatchObject({
        error: expect.stringContaining("neither this machine's nor the edge network's") as string,
      });
    expect((await said("http://[::1]/")).error).toBe("[::1] is not called: only IPv4 addresses are");
    expect(bed.calls).toEqual([]);
  });

  test("to names that the instance's DNS server knows, and to the ingress's port alone", async () => {
    const dns = await dnsTestBed();
    const { dnsPort } = dns.emulator;
    try {
      for (const [name, content] of [
        ["shop", "127.0.0.1"],
        ["rebound", "192.0.2.1"],
      ] as const)
        await dns.cloudflare.dns.records.create({ zone_id: dns.zoneId, type: "A", name, content, ttl: 60 });

      await start({ reach: { dnsPort, edgeSubnet: "10.87.0.0/20" } });
      const at = new URL(bed.notifyUrl("epay"));
      expect(await said(`http://shop.substation.test:${at.port}/pay/a/notify`)).toMatchObject({
        acknowledged: true,
      });
      expect(bed.calls[0]!.headers.host).toBe(`shop.substation.test:${at.port}`);
      expect((await said(`http://rebound.substation.test:${at.port}/`)).error).toContain(
        "is 192.0.2.1, which",
      );
      expect((await said(`http://nobody.substation.test:${at.port}/`)).error).toContain("ENOTFOUND");
      await bed.end();

      await start({ reach: { dnsPort, edgeSubnet: "10.87.0.0/20", ports: [1] } });
      const { port } = new URL(bed.notifyUrl("epay"));
      expect((await said(`http://shop.substation.test:${port}/`)).error).toBe(
        `callbacks go to port 1, not to ${port}`,
      );
      expect(bed.calls).toEqual([]);
    } finally {
      await dns.end();
    }
  });
});

describe("the control interface", () => {
  test("wants the token, and says what is wrong with a request", async () => {
    await start();
    for (const authorization of ["", "Bearer", "Bearer wrong"])
      expect((await fetch(`${bed.url}/control/`, { headers: { authorization } })).status).toBe(401);
    await expect(bed.control.pay(which("unknown"))).rejects.toThrow('HTTP 404: {"error":"no order unknown');
    await expect(bed.control.misbehave(which("x"), { callbacks: -1 })).rejects.toThrow("HTTP 400");
    await open("waiting");
    await expect(bed.control.notify(which("waiting"))).rejects.toThrow("not paid");
  });

  test("begins last, so that what it says of the gateways is true of all", async () => {
    const listen = jest.spyOn(net.Server.prototype, "listen");
    await start({ address: "127.0.0.2" });
    const hosts = (listen.mock.calls as unknown[][]).map(([, host]) => host);
    listen.mockRestore();
    expect(hosts.slice(-2)).toEqual(["127.0.0.2", "127.0.0.1"]);
  });

  test("that says nothing is not waited for", async () => {
    await start();
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as net.AddressInfo;
    try {
      await expect(new GatewayControl(`http://127.0.0.1:${port}`, "").check()).rejects.toThrow(/timeout/);
    } finally {
      silent.close();
    }
  });

  test("is on 127.0.0.1 alone: at the address for containers there is none", async () => {
    await start({ address: "127.0.0.2" });
    const outside = bed.url.replace("127.0.0.1", "127.0.0.2");
    expect(await (await fetch(outside)).json()).toEqual({ gateways: ["alipay", "wechatPay", "epay"] });
    const headers = { authorization: "Bearer a-token-for-tests-0123456789-0123456789-0123" };
    expect((await fetch(`${bed.url}/control/`, { headers })).status).toBe(200);
    expect((await fetch(`${outside}/control/`, { headers })).status).toBe(404);
  });
});
