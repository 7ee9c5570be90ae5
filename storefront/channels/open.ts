import type * as Alipay from "./alipay";
import type * as Custom from "./custom";
import type * as Epay from "./epay";
import { type ChannelConfig, ChannelError, type OpenChannel } from "./types";
import type * as WechatPay from "./wechatPay";

/* eslint-disable @typescript-eslint/no-require-imports -- a late `import()` wants ".js", which no tool of ours finds here */
const custom = () => require("./custom") as typeof Custom;
/** Each kind is compiled when the first channel of it opens: a shop keeps none in memory that it does not use. */
const kinds: ReadonlyMap<string, () => OpenChannel> = new Map([
  ["alipay", () => (require("./alipay") as typeof Alipay).openAlipay],
  ["wechatPay", () => (require("./wechatPay") as typeof WechatPay).openWechatPay],
  ["epay", () => (require("./epay") as typeof Epay).openEpay],
  ["custom", () => custom().openCustom],
]);
/* eslint-enable */

/** @throws ChannelError for a kind that this image does not know, and naming every field that is missing or cannot be used */
export const openChannel: OpenChannel = (config) => {
  const kind = kinds.get(config.kind);
  if (!kind)
    throw new ChannelError(
      `channel ${config.id}: this image does not know the kind ${JSON.stringify(config.kind)}, only ${[...kinds.keys()].join(", ")}`,
    );
  return kind()(config);
};

/** Whether a custom channel's adapter works. @throws ChannelError which says what it answered instead */
export const askHealth = (config: ChannelConfig): Promise<void> => custom().askHealth(config);
