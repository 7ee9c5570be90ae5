/**
 * What payment channels look like: descriptors (data, one for each kind), and the channels of one substation. Of this file only types are
 * used elsewhere, so that the storefront can share them without a schema library.
 */

/** Kinds whose descriptor and adapter are in this repository. */
export type BuiltInKind = "alipay" | "wechatPay" | "epay";

/** `custom`: any payment system else, by a descriptor file and an image that speaks docs/channel-adapter.md. */
export type ChannelKind = BuiltInKind | "custom";

/**
 * What a field's text must be. `publicKey`: the gateway's, RSA of 2,048 bits or more, PEM or the base64 that merchant consoles show; where
 * the channel says `sandbox: true`, the platform's sandbox has one of its own, and none need be written. `privateKey`: its
 * other half, in the same forms. `url`: https, of a named host, without query. `choice`: one of `choices`. `text`: what `pattern` says.
 */
export type FieldType = "text" | "publicKey" | "privateKey" | "url" | "choice";

/** One field of a kind of channel. Plain data: a descriptor can stand in a file. */
export interface Field {
  /** As it is called in the typed file and in substation.json. */
  readonly name: string;
  readonly type: FieldType;
  /** A secret's value never stands in a file: there the field names a secret of the substation. @default false */
  readonly secret?: boolean;
  /** One sentence, for editors. */
  readonly description: string;
  /** Of a plain field, or of the name of a secret. */
  readonly example: string;
  /** ECMAScript regular expression for the whole text. @default any line of 1 to 200 visible characters */
  readonly pattern?: string;
  /** `pattern` in words: `16 to 32 digits`. */
  readonly form?: string;
  readonly choices?: readonly string[];
  /** The field is wanted, and allowed, only where another one, a choice, has this value. @default always */
  readonly when?: { readonly field: string; readonly is: string };
}

export interface ChannelDescriptor {
  readonly kind: ChannelKind;
  /** What buyers know it as; a channel without a title of its own has this one. */
  readonly title: string;
  readonly description: string;
  readonly fields: readonly Field[];
  /**
   * The fields that say who gets the money: no two channels of a substation agree in all of them. Of a custom one, the first is what the
   * payment system's messages name.
   */
  readonly merchant: readonly string[];
  /** Of the real gateway; absent where every merchant has another, so that the channel has a field `gateway`. */
  readonly gateway?: string;
  /** Fen. Bounds of what a channel may say, and what is meant where it says nothing. */
  readonly limits: Limits;
  readonly health: Health;
  /** Whether a channel may say `sandbox: true`. @default true */
  readonly sandbox?: boolean;
}

/** A payment system of a descriptor file, `stacks/channels/<name>.yaml`. */
export interface Adapter {
  readonly name: string;
  readonly descriptor: ChannelDescriptor;
  /** By digest. */
  readonly image: string;
  /** Of one container; taken out of what the substation has. */
  readonly needs: AdapterNeeds;
}

export interface AdapterNeeds {
  readonly memoryBytes: number;
  /** Cores, with fractions. */
  readonly cpus: number;
  /** Processes and threads. */
  readonly processes: number;
}

/** What shows that a channel works; for proofs and alerts. */
export interface Health {
  /** The shop's answer to a notification without a signature contains it, in any case: neither a 404 nor a challenge page does. */
  readonly refusal: string;
}

export interface Limits {
  /** Fen, for one payment. */
  readonly minimum: number;
  /** Fen, for one payment. */
  readonly maximum: number;
  /** Fen, for all payments of one calendar day (Asia/Shanghai). */
  readonly dailyCap: number;
}

/**
 * A channel of a substation as its file asks for it, complete and checked. All but `id`, `gateway`, `secrets` and `adapter` stands under the
 * same names in substation.json.
 */
export interface ChannelSpec extends Limits {
  /** One of a kind in the substation: `alipay`, `alipay-2`. */
  readonly id: string;
  readonly kind: ChannelKind;
  /** What buyers read. */
  readonly title: string;
  readonly enabled: boolean;
  /** The platform's sandbox gateway is meant, and not `gateway`; what it means to a custom channel, its adapter knows. */
  readonly sandbox: boolean;
  /** Of the real gateway, https, without a trailing slash; "" where a custom channel has none. */
  readonly gateway: string;
  /** What the gateway keeps of each payment: 60 is 0.6%. */
  readonly feeBasisPoints: number;
  /** From 1 up. Of several channels of one kind that fit, each is chosen in proportion to it. */
  readonly weight: number;
  /** The kind's plain fields, without `gateway`. */
  readonly fields: Readonly<Record<string, string>>;
  /** Of a custom channel, and of no other. */
  readonly adapter?: Adapter;
  /** The kind's secret fields: for each the name of a secret of this substation. It stands at `["channels", id, "secrets", field]`. */
  readonly secrets: Readonly<Record<string, string>>;
}
