import { alipay } from "./alipay";
import { epay } from "./epay";
import type { BuiltInKind, ChannelDescriptor, ChannelKind, ChannelSpec, Field } from "./types";
import { wechatPay } from "./wechatPay";

/** The built-in kinds of channels, by their names in typed files. */
export const channelKinds: Readonly<Record<BuiltInKind, ChannelDescriptor>> = { alipay, wechatPay, epay };

/** All words that may stand behind `kind`. */
export const kindNames: readonly ChannelKind[] = [...(Object.keys(channelKinds) as BuiltInKind[]), "custom"];

/** What a channel looks like, whatever its kind. */
export function descriptorOf({ kind, adapter }: Pick<ChannelSpec, "kind" | "adapter">): ChannelDescriptor {
  if (kind !== "custom") return channelKinds[kind];
  if (!adapter) throw new Error("a custom channel without an adapter"); // refused before
  return adapter.descriptor;
}

/** A secret field of a channel that was checked. */
export function secretField(channel: ChannelSpec, name: string): Field {
  const field = descriptorOf(channel).fields.find((one) => one.secret && one.name === name);
  if (!field) throw new Error(`channel ${channel.id} of kind ${channel.kind} has no secret field ${name}`); // refused before
  return field;
}

export type {
  Adapter,
  ChannelDescriptor,
  ChannelKind,
  ChannelSpec,
  Field,
  FieldType,
  Health,
  Limits,
} from "./types";
