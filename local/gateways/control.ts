import { z } from "zod";
import type { House } from "./house";
import { registrationSchema } from "./merchants";
import { json } from "./protocol";
import { sameText } from "./signing";
import { isOf, kinds, wrongs, type Incoming, type Order, type Outgoing } from "./types";

const whose = z.object({ kind: z.enum(kinds), merchant: z.string() });
const which = whose.extend({ outTradeNo: z.string() });
const misbehaviour = z.strictObject({
  callbacks: z.int().min(0).max(50).optional(),
  callbackDelaySeconds: z.number().min(0).max(3_600).optional(),
  callbackBeforeAnswer: z.literal(true).optional(),
  wrong: z.array(z.enum(wrongs)).optional(),
  answerDelaySeconds: z.number().min(0).max(120).optional(),
  answerStatus: z.union([z.literal(500), z.literal(502), z.literal(503)]).optional(),
  takesExpired: z.literal(true).optional(),
});

/**
 * Tests' way behind the counter, on loopback alone and with the instance's token:
 *
 * - `GET /control/` nothing but that this is it
 * - `POST /control/merchants` a registration; answers with what was known of the merchant
 * - `PUT /control/misbehaviour` `{kind, merchant, outTradeNo?, how}`: in place of what it was
 * - `GET /control/orders?kind=&merchant=` and `&outTradeNo=` the orders with the callbacks that were tried
 * - `POST /control/pay` `{kind, merchant, outTradeNo}`: the payer pays
 * - `POST /control/notify` `{kind, merchant, outTradeNo, how?}`: one more callback at once; answers with what came of it
 */
export async function control(request: Incoming, house: House, token: string): Promise<Outgoing> {
  if (!sameText(request.headers["authorization"] ?? "", `Bearer ${token}`))
    return json({ error: "the control interface wants the instance's token" }, 401);
  try {
    switch (`${request.method} ${request.path}`) {
      case "GET /":
        return json({ gateways: kinds });
      case "POST /merchants":
        return json({ registered: house.register(registrationSchema.parse(body(request))) });
      case "PUT /misbehaviour": {
        const { how, ...target } = whose
          .extend({ outTradeNo: z.string().optional(), how: misbehaviour })
          .parse(body(request));
        house.misbehave(target, how);
        return json({});
      }
      case "GET /orders":
        return json(orders(house, Object.fromEntries(request.query)));
      case "POST /pay": {
        const paid = house.pay(found(house, which.parse(body(request))));
        return typeof paid === "string" ? json({ error: `not paid: ${paid}` }, 409) : json(paid);
      }
      case "POST /notify": {
        const { how = {}, ...target } = which.extend({ how: misbehaviour.optional() }).parse(body(request));
        const order = found(house, target);
        if (order.paidAt === undefined) return json({ error: "not paid" }, 409);
        return json(await house.notify(order, how));
      }
      default:
        return json({ error: "no such request" }, 404);
    }
  } catch (error) {
    if (error instanceof z.ZodError) return json({ error: z.prettifyError(error) }, 400);
    if (error instanceof Missing) return json({ error: error.message }, 404);
    throw error;
  }
}

class Missing extends Error {}

function found(house: House, { kind, merchant, outTradeNo }: z.infer<typeof which>): Order {
  const order = house.orders.find(kind, merchant, outTradeNo);
  if (!order) throw new Missing(`no order ${outTradeNo} of ${kind} merchant ${merchant}`);
  return order;
}

function orders(house: House, query: Readonly<Record<string, string>>) {
  const target = whose.extend({ outTradeNo: z.string().optional() }).parse(query);
  return house.orders
    .all()
    .filter((order) => isOf(order, target))
    .map((order) => ({ ...order, callbacks: house.attempts(order) }));
}

function body({ body: text }: Incoming): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // which no schema takes
  }
}
