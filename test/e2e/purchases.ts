import type { Attempt, Misbehaviour, Which } from "../../local/gateways/types";
import { until } from "../../local/process";
import { Books } from "./books";
import { Buyer, type Goods } from "./buyer";
import type { Lab } from "./lab";

/** Of each shop by its id, the channels as they stand in its file. */
export type Shops = Readonly<Record<string, { readonly channels: Readonly<Record<string, object>> }>>;

/** A payment that was started, and that nobody has paid yet. */
export interface Begun {
  readonly visitor: Buyer;
  readonly order: string;
  readonly goods: Goods;
  /** The sandbox's page. */
  readonly address: string;
  readonly which: Which;
}

/** Purchases in parts, at shops of one group, for tests that step in between. */
export class Purchases {
  constructor(
    private readonly lab: Lab,
    private readonly group: string,
    private readonly shops: Shops,
  ) {}

  visitor(shop: string): Buyer {
    return new Buyer(this.lab, `${shop}.substation.test`);
  }

  books(shop: string): Books {
    return new Books(this.lab, this.group, shop);
  }

  /** The merchant that a channel's file names. */
  merchant(shop: string, channel: string): Pick<Which, "kind" | "merchant"> {
    const fields = this.shops[shop]!.channels[channel] as Record<"appId" | "merchantId", string> & Which;
    return { kind: fields.kind, merchant: fields.merchantId ?? fields.appId };
  }

  /** Orders the shop's first article, and goes as far as the sandbox's page. */
  async begin(shop: string, channel: string): Promise<Begun> {
    const visitor = this.visitor(shop);
    const [goods] = await visitor.goods();
    const order = await visitor.order(goods!);
    const address = await visitor.start(order, channel);
    const { outTradeNo } = (await visitor.page(order)).payments[channel]!;
    const which = { ...this.merchant(shop, channel), outTradeNo };
    return { visitor, order, goods: goods!, address, which };
  }

  async pay({ visitor, address, which }: Begun, how: Misbehaviour = {}): Promise<void> {
    await this.lab.gateways.misbehave(which, how);
    await visitor.payAt(address);
  }

  /** The gateway's calls for a payment so far; it waits for as many as there are to be. */
  async calls(which: Which, least: number): Promise<readonly Attempt[]> {
    let seen: readonly Attempt[] = [];
    const came = await until(async () => {
      seen = (await this.lab.gateways.orders(which))[0]?.callbacks ?? [];
      return seen.length >= least;
    }, 15_000);
    if (!came) throw new Error(`${seen.length} callbacks of ${which.outTradeNo}, not ${least}`);
    return seen;
  }
}

/** Names of the shop's counters. */
export const counters = {
  notified: (channel: string, result: string) => `notify_total{channel="${channel}",result="${result}"}`,
  payments: (channel: string, result: string) => `payments_total{channel="${channel}",result="${result}"}`,
  anomalies: (kind: string) => `anomalies_total{kind="${kind}"}`,
};
