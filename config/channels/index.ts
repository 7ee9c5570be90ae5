import { alipay } from "./alipay";
import { epay } from "./epay";
import type { ChannelDescriptor, ChannelKind } from "./types";
import { wechatPay } from "./wechatPay";

/** All kinds of channels, by their names in typed files. */
export const channelKinds: Readonly<Record<ChannelKind, ChannelDescriptor>> = { alipay, wechatPay, epay };

export type { ChannelDescriptor, ChannelKind, ChannelSpec, Field, FieldType, Health, Limits } from "./types";
