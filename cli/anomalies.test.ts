import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Anomaly } from "../inventory/anomalies";
import { anomaliesText } from "./anomalies";
import { runCli, type Ran } from "./testing";

const at = new Date("2026-11-23T01:10:11Z");
const amount: Anomaly = {
  id: 7,
  kind: "amount",
  channel: "alipay",
  outTradeNo: "0123",
  tradeNo: "2026",
  details: { expected: 5578, seen: 1 },
  times: 2,
  firstSeen: at,
  lastSeen: at,
  order: {
    id: 3,
    title: "Steam 50 元",
    amount: 5578,
    state: "open",
    contact: "a\u001b[2Jb@c.cn",
    createdAt: at,
  },
  decision: null,
};
const stray: Anomaly = {
  ...amount,
  id: 8,
  kind: "unknown-order",
  details: { amount: 100 },
  order: null,
  decision: { resolution: "refunded", by: "王小明", at, note: "R-1" },
};

test("the list has sums in yuan, who bought, and the numbers that the gateway's console knows", () => {
  const [, first, second] = anomaliesText("mengxiang", [amount, stray]);
  expect(first!.split(/ {2,}/)).toEqual([
    "7",
    "amount",
    "alipay",
    "Steam 50 元, 55.78, open",
    "a\\u001b[2Jb@c.cn", // and cannot steer the terminal
    "expected 55.78, seen 0.01",
    "2",
    "2026-11-23 01:10",
    "0123 (gateway: 2026)",
  ]);
  expect(second).toMatch(
    /^8 +unknown-order +alipay +none of this shop +amount 1\.00 .*refunded by 王小明: R-1$/,
  );
  expect(anomaliesText("mengxiang", [])).toEqual(["mengxiang: no payment waits for a decision"]);
});

describe("the command", () => {
  const root = mkdtempSync(join(tmpdir(), "substation-cli-anomalies-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeAll(() => {
    mkdirSync(join(root, "stacks/demo"), { recursive: true });
    writeFileSync(join(root, "Pulumi.yaml"), "name: substation\nstackConfigDir: stacks\n");
    writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), "title: [a mistake\n");
  });

  /** Nothing of what is refused here needs Pulumi: it is not on PATH. */
  async function refused(...args: string[]): Promise<Ran> {
    const env = { NO_COLOR: "1", HOME: root, PATH: "/nowhere" };
    const ran = await runCli(["anomalies", ...args], { cwd: root, env });
    if (ran.code === 0) throw new Error(`not refused: ${args.join(" ")}`);
    return ran;
  }
  const decide = (number: string, by: string, ...more: string[]) =>
    refused("resolve", "mengxiang", number, "--as", "refunded", "--by", by, ...more);

  test("says what is wrong with what was asked, before it looks at anything", async () => {
    expect(await refused("haitang")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no substation "haitang"') as string,
    });
    expect((await decide("x", "me")).stderr).toContain('"x" is no number of an anomaly');
    expect((await decide("1", " ")).stderr).toContain("--by: it begins or ends with a space");
    expect((await decide("1", "me", "--note", "a\nb")).stderr).toContain("--note: it contains a line break");
    expect(await refused("resolve", "mengxiang", "1", "--as", "paid", "--by", "me")).toMatchObject({
      code: 2,
    });
    expect(await refused("resolve", "mengxiang", "1", "--as", "ignored")).toMatchObject({ code: 2 });
  });
});
