import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { readIfPresent, secretMode, writeFileAtomic } from "../files";
import { keyOf, type Kind, type NewOrder, type Order } from "./types";

/** More than all tests of a day open; the oldest go first, whatever became of them. */
const mostOrders = 2_000;

/** Why an order is not opened: its number is used, for something else or for something that is paid. */
export type Refusal = "paid" | "different" | "expired";

/** The gateways' orders, kept in a journal: a payer who has paid has paid, also after a restart. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  #lines = 0;

  /** @param journal one JSON object a line, the newest of an order counts; made if need be */
  constructor(private readonly journal: string) {
    for (const line of (readIfPresent(journal) ?? "").split("\n")) {
      const order = parse(line);
      if (order) this.#orders.set(keyOf(order), order);
    }
    this.#compact();
  }

  /** Opens an order, or finds the one that was opened with the same words. */
  open(wanted: NewOrder, now: number): Order | Refusal {
    const known = this.find(wanted.kind, wanted.merchant, wanted.outTradeNo);
    if (known) {
      if (known.paidAt !== undefined) return "paid";
      if (isExpired(known, now)) return "expired";
      const same = known.amountFen === wanted.amountFen && known.notifyUrl === wanted.notifyUrl;
      return same ? known : "different";
    }
    const order: Order = {
      ...wanted,
      tradeNo: tradeNo(wanted.kind, now),
      token: randomBytes(16).toString("hex"),
      createdAt: now,
      attempts: 0,
      due: false,
    };
    this.#keep(order);
    return order;
  }

  find(kind: Kind, merchant: string, outTradeNo: string): Order | undefined {
    return this.#orders.get(keyOf({ kind, merchant, outTradeNo }));
  }

  byTradeNo(kind: Kind, merchant: string, tradeNo: string): Order | undefined {
    return this.all().find(
      (order) => order.kind === kind && order.merchant === merchant && order.tradeNo === tradeNo,
    );
  }

  byToken(kind: Kind, token: string): Order | undefined {
    return this.all().find((order) => order.kind === kind && order.token === token);
  }

  all(): readonly Order[] {
    return [...this.#orders.values()];
  }

  /** Changes an order as it is now; returns what it became. */
  change(order: Order, change: Partial<Pick<Order, "paidAt" | "attempts" | "due">>): Order {
    const changed = { ...this.#orders.get(keyOf(order))!, ...change };
    this.#keep(changed);
    return changed;
  }

  #keep(order: Order): void {
    this.#orders.set(keyOf(order), order);
    fs.appendFileSync(this.journal, `${JSON.stringify(order)}\n`, { mode: secretMode });
    if (++this.#lines > 4 * mostOrders) this.#compact();
  }

  #compact(): void {
    const kept = this.all().slice(-mostOrders);
    this.#orders.clear();
    for (const order of kept) this.#orders.set(keyOf(order), order);
    writeFileAtomic(this.journal, kept.map((order) => `${JSON.stringify(order)}\n`).join(""), secretMode);
    this.#lines = kept.length;
  }
}

export const isExpired = (order: Order, now: number): boolean =>
  order.expiresAt !== undefined && now >= order.expiresAt;

/** The last line may have been cut off by a crash; of a sandbox's orders, that one is let go. */
function parse(line: string): Order | undefined {
  try {
    return line === "" ? undefined : (JSON.parse(line) as Order);
  } catch {
    return undefined;
  }
}

/** Shaped like the gateways': the day, then digits. */
function tradeNo(kind: Kind, now: number): string {
  const day = new Date(now + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll("-", "");
  const random = BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString()
    .padStart(20, "0");
  return kind === "wechatPay" ? `4200${day}${random.slice(0, 16)}` : `${day}${random}`;
}
