import { join } from "node:path";
import type { Client } from "pg";
import type { Channel, NotifyReading, PaymentRequest, PaymentStart, PaymentStatus } from "../channels/types";
import { loadConfig, loadServerSecrets, type PlainChannel } from "../config";
import { migrationClient, openPool } from "../database";
import type { Log } from "../log";
import { migrate } from "../migrations";
import { type RunningServer, serve, type ServeOptions } from "../server";
import { ask, type Reply } from "./ask";
import { initialData } from "./initial-data";
import type { TestPostgres } from "./postgres";
import { writeSecrets } from "./secrets";

/** What a test's gateway "signs": the body of a notify. */
export interface Claim {
  readonly sign?: "good" | "bad";
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly merchant?: string;
  readonly tradeNo?: string;
  readonly paid?: boolean;
  readonly paidAt?: string;
}

/** A channel without a gateway: what it was asked to start, and what it answers to queries, by payment number. */
export class FakeChannel implements Channel {
  readonly merchant: string;
  readonly started: PaymentRequest[] = [];
  readonly asked: string[] = [];
  readonly statuses = new Map<string, PaymentStatus>();
  answerStart: (payment: PaymentRequest) => PaymentStart = ({ outTradeNo }) => ({
    kind: "redirect",
    url: `https://gateway.test/pay?no=${outTradeNo}`,
  });

  constructor(id: string) {
    this.merchant = `merchant-${id}`;
  }

  start(payment: PaymentRequest): Promise<PaymentStart> {
    this.started.push(payment);
    return Promise.resolve().then(() => this.answerStart(payment));
  }

  query(outTradeNo: string): Promise<PaymentStatus> {
    this.asked.push(outTradeNo);
    const status = this.statuses.get(outTradeNo);
    return status ? Promise.resolve(status) : Promise.reject(new Error("the gateway is away"));
  }

  readNotify({ body }: { readonly body: Buffer }): Promise<NotifyReading> {
    const plain = (status: number, text: string) => ({ status, type: "text/plain", body: text });
    const claim = body.length > 0 ? (JSON.parse(body.toString()) as Claim) : undefined;
    if (claim?.sign !== "good")
      return Promise.resolve({
        ok: false,
        reason: claim ? "signature" : "malformed",
        answer: plain(200, "fail"),
      });
    return Promise.resolve({
      ok: true,
      outTradeNo: claim.outTradeNo,
      amountFen: claim.amountFen,
      merchant: claim.merchant ?? this.merchant,
      tradeNo: claim.tradeNo ?? `gw-${claim.outTradeNo}`,
      paid: claim.paid ?? true,
      ...(claim.paidAt ? { paidAt: new Date(claim.paidAt) } : {}),
      answer: plain(200, "success"),
      failure: plain(500, "fail"),
    });
  }
}

export const testChannel = (id: string, more: Partial<PlainChannel> = {}): Omit<PlainChannel, "id"> => ({
  kind: "fake",
  title: `通道 ${id}`,
  enabled: true,
  sandbox: true,
  gateway: "https://gateway.test/pay",
  notifyUrl: `http://mengxiang.substation.test:8080/pay/${id}/notify`,
  returnUrl: `http://mengxiang.substation.test:8080/pay/${id}/return`,
  minimum: 100,
  maximum: 50_000,
  dailyCap: undefined,
  feeBasisPoints: 60,
  weight: 1,
  fields: {},
  ...more,
});

/** A shop of its own database, served in this process. */
export interface TestShop {
  readonly fakes: Readonly<Record<string, FakeChannel>>;
  readonly logs: string[];
  readonly admin: Client;
  /** Another one after a restart. */
  port(): number;
  rows<T = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<T[]>;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body: string, headers?: Record<string, string>): Promise<Reply>;
  notify(channel: string, claim: Claim): Promise<Reply>;
  metrics(): Promise<string>;
  /** Runs `migrate` with other keys of the file, and serves with them. The channels' fakes stay. */
  restart(more?: Record<string, unknown>, options?: Pick<ServeOptions, "sweepMilliseconds">): Promise<void>;
  close(): Promise<void>;
}

export const gameCards = { gameCards: { enabled: true, categories: ["steam"] } };
export const topUp = { phoneTopUp: { enabled: true, carriers: ["mobile"], faceValues: [3000] } };

export async function openTestShop(
  dir: string,
  postgres: TestPostgres,
  name: string,
  keys: Record<string, unknown> & { channels: Record<string, Omit<PlainChannel, "id">> },
): Promise<TestShop> {
  await postgres.createShop(name);
  const fakes = Object.fromEntries(Object.keys(keys.channels).map((id) => [id, new FakeChannel(id)]));
  const logs: string[] = [];
  const log: Log = (level, message, fields) => void logs.push(JSON.stringify({ level, message, ...fields }));
  const admin = await postgres.admin(name);

  const start = async (more: Record<string, unknown>, options: ServeOptions = {}): Promise<RunningServer> => {
    const folder = (role: "app" | "migrate") =>
      writeSecrets(join(dir, `${name}-${role}`), postgres, name, role, {
        markupBasisPoints: 1500,
        ...(role === "migrate" ? { initialData } : {}),
        ...keys,
        ...more,
      });
    const migrating = loadConfig(folder("migrate"));
    const client = migrationClient(migrating.database);
    await client.connect();
    await migrate(client, migrating);
    await client.end();
    const app = folder("app");
    const config = loadConfig(app);
    return serve(config, loadServerSecrets(app), openPool(config.database), log, {
      port: 0,
      operationsPort: 0,
      drainMilliseconds: 0,
      finishMilliseconds: 300,
      openChannel: ({ id }) => fakes[id]!,
      ...options,
    });
  };

  let server = await start({});
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(server.port, path, { method: "POST", headers: { ...form, ...headers }, body });
  return {
    fakes,
    logs,
    admin,
    port: () => server.port,
    rows: async <T>(sql: string, values: unknown[] = []) => (await admin.query(sql, values)).rows as T[],
    get: (path, headers = {}) => ask(server.port, path, { headers }),
    post,
    notify: (channel, claim) =>
      post(`/pay/${channel}/notify`, JSON.stringify({ sign: "good", ...claim }), {
        "content-type": "application/json",
      }),
    metrics: async () => (await ask(server.operationsPort, "/metrics")).body,
    async restart(more = {}, options = {}) {
      await server.drain();
      server = await start(more, options);
    },
    async close() {
      await server.drain();
      await admin.end();
    },
  };
}

export interface Bought {
  readonly token: string;
  readonly outTradeNo: string;
  readonly amountFen: number;
}

/** Orders an article by its title, and starts the payment by `channel`; from an address of chance, so that nobody is held back as one visitor. */
export async function buy(
  shop: TestShop,
  channel: string,
  title = "50.00",
  contact = "a@b.cn",
): Promise<Bought> {
  const headers = { "x-forwarded-for": `10.0.0.${Math.floor(Math.random() * 250)}` };
  const [goods] = await shop.rows<{ id: string }>("SELECT id FROM shop.goods WHERE title LIKE $1", [
    `%${title}%`,
  ]);
  const ordered = await shop.post(
    "/orders",
    new URLSearchParams({ goods: goods!.id, quantity: "1", contact }).toString(),
    headers,
  );
  if (ordered.status !== 303) throw new Error(`no order: ${ordered.status} ${ordered.body}`);
  const token = String(ordered.headers["location"]).replace("/orders/", "");
  const paying = await shop.post(`/orders/${token}/pay`, `channel=${channel}`, headers);
  if (paying.status !== 303) throw new Error(`no payment: ${paying.status} ${paying.body}`);
  const { outTradeNo, amountFen } = shop.fakes[channel]!.started.at(-1)!;
  return { token, outTradeNo, amountFen };
}
