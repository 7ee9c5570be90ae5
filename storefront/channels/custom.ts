import { mostFen } from "../money";
import { ask, codeOf, failure, type Json, jsonOf, objectOf } from "./gateway";
import {
  type Answer,
  type ChannelConfig,
  ChannelError,
  type NotifyReading,
  type OpenChannel,
  type PaymentStart,
  type PaymentStatus,
} from "./types";

/** Version of docs/channel-adapter.md that is spoken to adapters. */
const contract = 1;

/**
 * A payment system that this image has never heard of, through an adapter beside the shop (docs/channel-adapter.md). An adapter is asked,
 * and not trusted: every answer is bounded and read strictly, and whether a payment is right the shop decides as for every channel.
 */
export const openCustom: OpenChannel = (config) => {
  const adapter = adapterOf(config);
  const call = (path: string, body: object): Promise<Json> =>
    callAdapter(config, "POST", path, JSON.stringify(body));
  return {
    merchant: adapter.merchant,
    async start({ expiresAt, ...payment }) {
      const answer = await call("/start", { ...payment, expiresAt: expiresAt.toISOString() });
      return readStart(answer) ?? refuse(config, "/start");
    },
    async readNotify({ method, query, headers, body }) {
      const request = { method, query: [...query], headers, body: body.toString("base64") };
      return readReading(await call("/notify", request)) ?? refuse(config, "/notify");
    },
    async query(outTradeNo) {
      return readStatus(await call("/query", { outTradeNo })) ?? refuse(config, "/query");
    },
  };
};

/** Whether the adapter works. @throws ChannelError which says what it answered instead */
export async function askHealth(config: ChannelConfig): Promise<void> {
  const answer = await callAdapter(config, "GET", "/health");
  if (answer["contract"] === contract) return;
  const seen = `its adapter speaks contract ${codeOf(answer["contract"])}, and this shop ${contract}`;
  throw failure(config, seen, "use an adapter and a storefront that fit");
}

function adapterOf({ id, kind, adapter }: ChannelConfig): NonNullable<ChannelConfig["adapter"]> {
  if (adapter) return adapter;
  throw new ChannelError(`channel ${id} (${kind}) cannot be used: adapter is missing`);
}

/** @throws ChannelError for anything but 200 and a JSON object */
async function callAdapter(
  config: ChannelConfig,
  method: "GET" | "POST",
  path: string,
  body?: string,
): Promise<Json> {
  const answer = await ask(config, {
    method,
    url: `http://127.0.0.1:${adapterOf(config).port}${path}`,
    advice: "look at the log of its adapter's container",
    ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
  });
  const json = jsonOf(answer.body);
  if (answer.status === 200 && json) return json;
  const seen = answer.status === 200 ? "what is no JSON object" : `with status ${answer.status}`;
  throw failure(config, `its adapter answered ${path} ${seen}`, "look at the log of its adapter's container");
}

function refuse(config: ChannelConfig, path: string): never {
  const seen = `its adapter's answer to ${path} is not what contract ${contract} says`;
  throw failure(config, seen, "mend the adapter; docs/channel-adapter.md has every answer");
}

function readStart({ kind, url }: Json): PaymentStart | undefined {
  if (kind !== "redirect" && kind !== "code") return undefined;
  return typeof url === "string" && url.length <= 4096 && /^[a-z]+:\/\/[!-~]+$/.test(url)
    ? { kind, url }
    : undefined;
}

const reasons = ["signature", "malformed", "stale", "key"] as const;

function readReading(json: Json): NotifyReading | undefined {
  const answer = readAnswer(json["answer"]);
  if (!answer) return undefined;
  if (json["ok"] === false) {
    const reason = reasons.find((one) => one === json["reason"]);
    return reason && { ok: false, reason, answer };
  }
  const [taken, failure] = [readTaken(json), readAnswer(json["failure"])];
  const { outTradeNo, paid } = json;
  if (json["ok"] !== true || !taken || !failure || typeof paid !== "boolean") return undefined;
  if (typeof outTradeNo !== "string" || !/^[\w-]{1,64}$/.test(outTradeNo)) return undefined;
  return { ok: true, outTradeNo, paid, ...taken, answer, failure };
}

function readStatus(json: Json): PaymentStatus | undefined {
  const { state } = json;
  if (state === "pending" || state === "closed" || state === "unknown") return { state };
  const taken = readTaken(json);
  return state === "paid" && taken ? { state, ...taken } : undefined;
}

type Taken = Pick<Extract<PaymentStatus, { state: "paid" }>, "amountFen" | "merchant" | "tradeNo" | "paidAt">;

function readTaken({ amountFen, merchant, tradeNo, paidAt }: Json): Taken | undefined {
  if (!Number.isInteger(amountFen) || (amountFen as number) < 0 || (amountFen as number) > mostFen)
    return undefined;
  if (!isLine(merchant) || !isLine(tradeNo)) return undefined;
  const taken = { amountFen: amountFen as number, merchant, tradeNo };
  if (paidAt === undefined) return taken;
  const at = typeof paidAt === "string" && /^\d{4}-\d\d-\d\dT/.test(paidAt) ? new Date(paidAt) : undefined;
  return at && !Number.isNaN(at.getTime()) ? { ...taken, paidAt: at } : undefined;
}

const isLine = (value: unknown): value is string =>
  typeof value === "string" && /^[^\p{C}\p{Z}]{1,128}$/u.test(value);

/** What goes back to a stranger: no header of its own but a media type, and no redirect. */
function readAnswer(value: unknown): Answer | undefined {
  const { status, type, body } = objectOf(value) ?? {};
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) return undefined;
  if (status === 204 || Math.floor((status as number) / 100) === 3) return undefined;
  if (typeof type !== "string" || !/^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/.test(type)) return undefined;
  return typeof body === "string" && body.length <= 4096
    ? { status: status as number, type, body }
    : undefined;
}
