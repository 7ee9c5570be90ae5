import { limits, publicKeyExample } from "./common";
import type { ChannelDescriptor } from "./types";

/** Alipay's open platform, 电脑网站支付. */
export const alipay: ChannelDescriptor = {
  kind: "alipay",
  title: "支付宝",
  description: "Alipay, payment on a computer's web page (alipay.trade.page.pay), signed by RSA2.",
  fields: [
    {
      name: "appId",
      type: "text",
      pattern: "^[0-9]{16}$",
      form: "the 16 digits of the application's APPID, in quotes",
      description: "APPID of the application at Alipay's open platform.",
      example: "2021000000000001",
    },
    {
      name: "alipayPublicKey",
      type: "publicKey",
      description:
        "Alipay's public key (支付宝公钥) of this application: it verifies notifications. Not the application's own public key.",
      example: publicKeyExample,
    },
    {
      name: "privateKey",
      type: "privateKey",
      secret: true,
      description: "The application's private key (应用私钥): it signs requests.",
      example: "alipay-key",
    },
  ],
  merchant: ["appId"],
  gateway: "https://openapi.alipay.com/gateway.do",
  limits,
  health: { refusal: "fail" },
};
