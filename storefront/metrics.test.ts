import type { Pool } from "pg";
import { Metrics } from "./metrics";

const pool = { totalCount: 3, idleCount: 1, waitingCount: 2, options: { max: 3 } } as Pool;

test("requests are counted by route and status, with cumulative buckets", () => {
  const metrics = new Metrics();
  metrics.request("/", 200, 0.001);
  metrics.request("/", 200, 0.03);
  metrics.request("/", 503, 9);
  const lines = metrics.render(pool, []).split("\n");
  expect(lines.filter((line) => line.startsWith("http_"))).toEqual([
    'http_requests_total{route="/",status="200"} 2',
    'http_requests_total{route="/",status="503"} 1',
    'http_request_duration_seconds_bucket{route="/",le="0.005"} 1',
    'http_request_duration_seconds_bucket{route="/",le="0.025"} 1',
    'http_request_duration_seconds_bucket{route="/",le="0.1"} 2',
    'http_request_duration_seconds_bucket{route="/",le="0.5"} 2',
    'http_request_duration_seconds_bucket{route="/",le="2.5"} 2',
    'http_request_duration_seconds_bucket{route="/",le="+Inf"} 3',
    'http_request_duration_seconds_sum{route="/"} 9.031',
    'http_request_duration_seconds_count{route="/"} 3',
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'database_connections{state="active"} 2',
      'database_connections{state="idle"} 1',
      "database_waiting 2",
    ]),
  );
});

test("payments are counted by channel, and every kind of anomaly is there before the first", () => {
  const metrics = new Metrics();
  metrics.payment("zfb", "started");
  metrics.payment("zfb", "started");
  metrics.notify("zfb", "replay");
  metrics.anomaly("amount");
  const lines = metrics.render(pool, []).split("\n");
  expect(lines.filter((line) => /^(payments|notify|anomalies)_/.test(line))).toEqual([
    'payments_total{channel="zfb",result="started"} 2',
    'notify_total{channel="zfb",result="replay"} 1',
    'anomalies_total{kind="amount"} 1',
    'anomalies_total{kind="merchant"} 0',
    'anomalies_total{kind="paid-twice"} 0',
    'anomalies_total{kind="paid-after-expiry"} 0',
    'anomalies_total{kind="unknown-order"} 0',
    'anomalies_total{kind="channel"} 0',
    'anomalies_total{kind="out-of-stock"} 0',
  ]);
});

test("of custom channels it is told whether their adapters answer", () => {
  const states = [["hema", true], ["old", false]] as const; // prettier-ignore
  const lines = new Metrics().render(pool, states).split("\n");
  expect(lines.filter((line) => line.startsWith("channel_"))).toEqual([
    'channel_up{channel="hema"} 1',
    'channel_up{channel="old"} 0',
  ]);
});

test("every line is of the text format, every family has its help and type before its first sample", () => {
  const metrics = new Metrics();
  metrics.request("other", 404, 0.2);
  metrics.payment("alipay-2", "start-failed");
  metrics.notify("alipay-2", "signature");
  metrics.anomaly("amount");
  const text = metrics.render(pool, []);
  expect(text.endsWith("\n")).toBe(true);
  const families = new Map<string, string>();
  for (const line of text.trimEnd().split("\n")) {
    const head = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (head?.[1] === "TYPE") families.set(head[2]!, head[3]!);
    if (head) continue;
    const sample =
      /^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{[a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*\})? (\S+)$/.exec(line);
    expect({
      line,
      known: families.has(sample?.[1] ?? ""),
      finite: Number.isFinite(Number(sample?.[2])),
    }).toEqual({
      line,
      known: true,
      finite: true,
    });
  }
  expect(families.size).toBe(14);
});
