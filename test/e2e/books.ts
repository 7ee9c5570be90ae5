import { databaseName, mark } from "../../config/names";
import { asSuperuser } from "./observe";
import { command, inspect, type Lab } from "./lab";

/** Looks into a shop's books past the shop: its database, as PostgreSQL's superuser, and its metrics, which no ingress routes. */
export class Books {
  constructor(
    private readonly lab: Lab,
    private readonly group: string,
    private readonly id: string,
  ) {}

  async rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    return await asSuperuser(
      this.lab,
      async (client) => (await client.query<T>(sql, [...values])).rows,
      databaseName(this.lab.name, this.id),
    );
  }

  /** What stands in the books of the order that a payment is for. */
  async of(outTradeNo: string): Promise<Entry> {
    const [entry] = await this.rows<Entry>(
      `SELECT o.state AS order, p.state AS payment, p.amount = o.amount AS whole,
         (SELECT count(*)::int FROM shop.delivery WHERE order_id = o.id) AS deliveries,
         (SELECT coalesce(card.code, receipt) FROM shop.delivery LEFT JOIN shop.card ON card.id = card_id WHERE order_id = o.id) AS code,
         ARRAY(SELECT format('%s ×%s', kind, times) FROM shop.anomaly WHERE order_id = o.id ORDER BY 1) AS anomalies
       FROM shop.payment p JOIN shop.orders o ON o.id = p.order_id WHERE p.out_trade_no = $1`,
      [outTradeNo],
    );
    if (!entry) throw new Error(`${this.id} has no payment ${outTradeNo}`);
    return entry;
  }

  /** The counters of money, by name and labels: `notify_total{channel="alipay",result="paid"}`. */
  async counters(): Promise<ReadonlyMap<string, number>> {
    const containers = await inspect(
      mark({ platform: this.lab.name, group: this.group, id: this.id }),
      "shop",
    );
    const [running] = containers.filter(({ State }) => State.Running);
    if (!running) throw new Error(`${this.id} does not run`);
    const get = ["/bin/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:9090/metrics"];
    const text = await command("docker", ["exec", running.Id, ...get]);
    const found = text.matchAll(/^((?:notify|payments|anomalies)_total\{[^}]*\}) (\d+)$/gm);
    return new Map([...found].map(([, name = "", count]) => [name, Number(count)]));
  }

  /** By how much each counter rises while `work` runs; those that do not are left out. */
  async rise(work: () => Promise<void>): Promise<Readonly<Record<string, number>>> {
    const before = await this.counters();
    await work();
    const risen = [...(await this.counters())].map(
      ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
    );
    return Object.fromEntries(risen.filter(([, count]) => count !== 0));
  }
}

/** An order, one of its payments, and all that was delivered or is for people to decide on it. */
export interface Entry {
  readonly order: string;
  readonly payment: string;
  /** Whether the payment is of the order's whole amount. */
  readonly whole: boolean;
  readonly deliveries: number;
  /** What was delivered. */
  readonly code: string | null;
  readonly anomalies: readonly string[];
}
