import type { Pool } from "pg";
import type { Answer, NotifyRequest } from "./channels/types";
import type { PlainChannel } from "./config";
import { deliver } from "./delivery";
import { type Log, reason } from "./log";
import type { Metrics } from "./metrics";
import type { Channels } from "./payments";
import { settle, type Settlement, type Statement } from "./settlement";

/** Where statements of gateways arrive: kept first, then answered, and what they pay for is handed out. */
export interface Cashier {
  /** What came to a channel's notify URL. Never throws. */
  notify(channel: PlainChannel, request: NotifyRequest): Promise<Answer>;
  /** A statement that was asked for. @throws Error when it could not be kept */
  take(statement: Statement): Promise<void>;
  /** Hands out what was paid and not delivered, logs what goes wrong with it, and sees to it that it is tried again. */
  handOut(orderId: string): Promise<void>;
}

/** @param retry called where something that was paid could not be handed out */
export function openCashier(
  pool: Pool,
  channels: Channels,
  metrics: Metrics,
  log: Log,
  retry: () => void,
): Cashier {
  async function keep(statement: Statement): Promise<Settlement> {
    const { channel, outTradeNo } = statement;
    const heard = await settle(pool, statement);
    const settlement =
      heard.result === "late" ? await settle(pool, { ...statement, paidAt: await paidAt(statement) }) : heard;
    if (settlement.result === "paid") metrics.payment(channel.id, "paid");
    if (settlement.result === "anomaly") {
      metrics.anomaly(settlement.kind);
      if (settlement.fresh)
        log("error", "a payment that does not fit: a person must decide, see shop.anomaly", {
          kind: settlement.kind,
          channel: channel.id,
          outTradeNo,
        });
    }
    return settlement;
  }

  /** Some gateways (epay) say only when asked when they took the money. Who cannot say it has taken it now. */
  async function paidAt({ channel: { id }, outTradeNo, tradeNo }: Statement): Promise<Date> {
    try {
      const status = await channels.open(channels.find(id)!).query(outTradeNo);
      if (status.state === "paid" && status.tradeNo === tradeNo && status.paidAt) return status.paidAt;
    } catch (error) {
      log("warn", "a gateway could not say when it took a payment: it counts as taken now", {
        channel: id,
        outTradeNo,
        ...reason(error),
      });
    }
    return new Date();
  }

  async function handOut(orderId: string): Promise<void> {
    try {
      const delivery = await deliver(pool, orderId);
      if (delivery.result === "done") return;
      retry();
      if (delivery.fresh) {
        metrics.anomaly("out-of-stock");
        log("error", "paid, but nothing is in stock: it is delivered when stock comes", {
          order: orderId,
          channel: delivery.channel,
        });
      }
    } catch (error) {
      retry();
      log("error", "a paid order could not be delivered; it is tried again", {
        order: orderId,
        ...reason(error),
      });
    }
  }

  return {
    async notify(plain, request) {
      const done = (result: string, answer: Answer): Answer => {
        metrics.notify(plain.id, result);
        return answer;
      };
      let failure: Answer = { status: 500, type: "text/plain; charset=utf-8", body: "fail" };
      try {
        const channel = channels.open(plain);
        const reading = await channel.readNotify(request);
        if (!reading.ok) return done(reading.reason, reading.answer);
        failure = reading.failure;
        const settlement = await keep({
          ...reading,
          channel: { id: plain.id, sandbox: plain.sandbox, merchant: channel.merchant },
        });
        // What is owed is in the database now, and a second notify would bring nothing new: the gateway is told success even when the
        // delivery fails (the sweep repeats it) and for anomalies (only a person can help, and repeats would hide the next one).
        if (settlement.result === "paid") await handOut(settlement.orderId);
        return done(settlement.result, reading.answer);
      } catch (error) {
        log("error", "a notify could not be kept; the gateway is asked to repeat it", {
          channel: plain.id,
          ...reason(error),
        });
        return done("error", failure);
      }
    },
    async take(statement) {
      const settlement = await keep(statement);
      if (settlement.result === "paid") await handOut(settlement.orderId);
    },
    handOut,
  };
}
