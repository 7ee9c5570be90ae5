import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { alipay } from "./alipay";
import { call } from "./call";
import type { Reach } from "./destination";
import { epay } from "./epay";
import { readIfPresent, secretMode, writeFileAtomic } from "../files";
import { registrationSchema, type MerchantOf, type Registration } from "./merchants";
import { isExpired, Orders, type Refusal } from "./orders";
import type { Counter, Protocol } from "./protocol";
import {
  isOf,
  keyOf,
  type Attempt,
  type Kind,
  type Misbehaviour,
  type NewOrder,
  type Order,
  type Registered,
  type Whose,
} from "./types";
import { wechatPay } from "./wechat-pay";

export const protocols: { readonly [K in Kind]: Protocol<K> } = { alipay, wechatPay, epay };

export interface HouseOptions {
  /** Folder of orders and of registered merchants. */
  readonly home: string;
  /** PEM; signs for all gateways and merchants. */
  readonly platformPrivateKey: string;
  readonly reach: Reach;
  /** How many times faster than the real ones the gateways repeat their callbacks. */
  readonly speed: number;
  readonly onError: (error: Error) => void;
}

const mostAttempts = 2_000;

/** Merchants, orders and callbacks of all three gateways: what happens to money in them, whatever the words in which it is told. */
export class House {
  readonly orders: Orders;
  readonly #merchants = new Map<string, Registration>();
  readonly #registered: string;
  readonly #misbehaviours = new Map<string, Misbehaviour>();
  readonly #attempts: Attempt[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #end = new AbortController();

  constructor(private readonly options: HouseOptions) {
    this.orders = new Orders(path.join(options.home, "orders.jsonl"));
    this.#registered = path.join(options.home, "merchants.json");
    const merchants = z.array(registrationSchema).parse(JSON.parse(readIfPresent(this.#registered) ?? "[]"));
    for (const merchant of merchants) this.#merchants.set(keyOf(merchant), merchant);
  }

  /** Goes on with callbacks that were owed when the last process ended. */
  resume(): void {
    for (const order of this.orders.all().filter(({ due }) => due)) this.#begin(this.#repeat(order));
  }

  merchant<K extends Kind>(kind: K, merchant: string): MerchantOf<K> | undefined {
    const found = this.#merchants.get(keyOf({ kind, merchant }));
    return found && ({ ...found, platformPrivateKey: this.options.platformPrivateKey } as MerchantOf<K>);
  }

  /** Takes the place of what was registered for the same merchant, which is told: "changed". */
  register(merchant: Registration): Registered {
    const known = this.#merchants.get(keyOf(merchant));
    if (isDeepStrictEqual(known, merchant)) return "known";
    this.#merchants.set(keyOf(merchant), merchant);
    writeFileAtomic(this.#registered, JSON.stringify([...this.#merchants.values()]), secretMode);
    return known ? "changed" : "new";
  }

  /** From now on; an order's own misbehaviour takes the place of its merchant's as a whole. */
  misbehave(whose: Whose, how: Misbehaviour): void {
    this.#misbehaviours.set(keyOf(whose), how);
  }

  behaviourOf(whose: Whose): Misbehaviour {
    const { kind, merchant } = whose;
    return this.#misbehaviours.get(keyOf(whose)) ?? this.#misbehaviours.get(keyOf({ kind, merchant })) ?? {};
  }

  counter<K extends Kind>(kind: K): Counter<K> {
    return {
      merchant: (id) => this.merchant(kind, id),
      find: (merchant, { tradeNo, outTradeNo = "" }) =>
        tradeNo
          ? this.orders.byTradeNo(kind, merchant, tradeNo)
          : this.orders.find(kind, merchant, outTradeNo),
      open: (order) => this.#open({ ...order, kind }),
    };
  }

  async #open(wanted: NewOrder): Promise<Order | Refusal> {
    const order = this.orders.open(wanted, Date.now());
    if (typeof order === "string" || !this.behaviourOf(order).callbackBeforeAnswer) return order;
    return await this.#payNow(order);
  }

  /** The payer pays. Says why not, where that cannot be. */
  pay(order: Order): Order | Refusal {
    if (order.paidAt !== undefined) return "paid";
    const { takesExpired, callbacks = 1 } = this.behaviourOf(order);
    if (isExpired(order, Date.now()) && !takesExpired) return "expired";
    const paid = this.orders.change(order, { paidAt: Date.now(), due: callbacks > 0 });
    if (paid.due) this.#begin(this.#first(paid));
    return paid;
  }

  /** The payer pays, and the first callback has come back when this is done. */
  async #payNow(order: Order): Promise<Order> {
    const paid = this.orders.change(order, { paidAt: Date.now(), due: true });
    await this.notify(paid, this.behaviourOf(paid));
    const { due } = this.orders.find(paid.kind, paid.merchant, paid.outTradeNo)!;
    if (due) this.#begin(this.#repeat(paid));
    return paid;
  }

  async #first(order: Order): Promise<void> {
    const { callbacks = 1, callbackDelaySeconds = 0 } = this.behaviourOf(order);
    await this.#pause(callbackDelaySeconds * 1000);
    await Promise.all(Array.from({ length: callbacks }, () => this.notify(order, this.behaviourOf(order))));
    await this.#repeat(order);
  }

  /** Callback after callback at the gateway's intervals, until one is heard or none is left. */
  async #repeat({ kind, merchant, outTradeNo }: Order): Promise<void> {
    const { repeats } = protocols[kind];
    for (;;) {
      const order = this.orders.find(kind, merchant, outTradeNo);
      if (!order?.due) return;
      const seconds = repeats[order.attempts - 1] ?? (order.attempts === 0 ? 0 : undefined);
      if (seconds === undefined) {
        this.orders.change(order, { due: false });
        return;
      }
      await this.#pause((seconds * 1000) / this.options.speed);
      await this.notify(order, this.behaviourOf(order));
    }
  }

  /** One callback, now, of a paid order. */
  async notify<K extends Kind>(order: Order & { kind: K }, how: Misbehaviour): Promise<Attempt> {
    const { kind, merchant, outTradeNo } = order;
    const protocol: Protocol<K> = protocols[kind];
    const wrong = how.wrong ?? [];
    const at = Date.now();
    const request = protocol.callback(order, this.merchant(kind, merchant)!, new Set(wrong), at);
    const called = await call(request, this.options.reach, protocol.patience);
    const heard = called.status !== undefined && protocol.heard(called.status, called.body ?? "");
    const milliseconds = Date.now() - at;
    const attempt = {
      kind,
      merchant,
      outTradeNo,
      at,
      milliseconds,
      wrong,
      request,
      ...called,
      acknowledged: heard,
    };
    this.#attempts.push(attempt);
    if (this.#attempts.length > mostAttempts) this.#attempts.shift();
    const { attempts, due } = this.orders.find(kind, merchant, outTradeNo)!;
    this.orders.change(order, { attempts: attempts + 1, due: due && !heard });
    return attempt;
  }

  attempts(whose: Whose): readonly Attempt[] {
    return this.#attempts.filter((one) => isOf(one, whose));
  }

  /** Ends once the callbacks under way have come back; the rest follows when the next process resumes. */
  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#underWay);
  }

  #pause(milliseconds: number): Promise<unknown> {
    return milliseconds === 0
      ? Promise.resolve()
      : sleep(milliseconds, undefined, { signal: this.#end.signal });
  }

  #begin(work: Promise<void>): void {
    const whole = work.catch((error: unknown) => {
      if (!this.#end.signal.aborted) this.options.onError(error as Error);
    });
    this.#underWay.add(whole);
    void whole.then(() => this.#underWay.delete(whole));
  }
}
