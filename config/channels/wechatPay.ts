import { limits, publicKeyExample } from "./common";
import type { ChannelDescriptor } from "./types";

/** WeChat Pay API v3, Native 支付, with the platform's public key (微信支付公钥) in place of its certificates. */
export const wechatPay: ChannelDescriptor = {
  kind: "wechatPay",
  title: "微信支付",
  description: "WeChat Pay API v3, Native: the buyer scans a code.",
  fields: [
    {
      name: "appId",
      type: "text",
      pattern: "^wx[0-9a-f]{16}$",
      form: 'the AppID: "wx" and 16 of 0-9 and a-f',
      description: "AppID that is bound to the merchant.",
      example: "wx0123456789abcdef",
    },
    {
      name: "merchantId",
      type: "text",
      pattern: "^[0-9]{8,10}$",
      form: "the merchant's number (商户号), 8 to 10 digits, in quotes",
      description: "The merchant's number (商户号, mchid).",
      example: "1900000001",
    },
    {
      name: "certificateSerial",
      type: "text",
      pattern: "^[0-9A-F]{40}$",
      form: "the 40 of 0-9 and A-F of the API certificate's serial number",
      description: "Serial number of the merchant's API certificate (商户API证书序列号).",
      example: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
    },
    {
      name: "platformPublicKeyId",
      type: "text",
      pattern: "^PUB_KEY_ID_[0-9]{10,60}$",
      form: '"PUB_KEY_ID_" and digits, as the merchant console shows it',
      description: "Id of WeChat Pay's public key (微信支付公钥ID).",
      example: "PUB_KEY_ID_0119000000012024010100000000001000",
    },
    {
      name: "platformPublicKey",
      type: "publicKey",
      description: "WeChat Pay's public key (微信支付公钥): it verifies notifications and answers.",
      example: publicKeyExample,
    },
    {
      name: "privateKey",
      type: "privateKey",
      secret: true,
      description: "Private key of the merchant's API certificate (apiclient_key.pem): it signs requests.",
      example: "wechat-key",
    },
    {
      name: "apiV3Key",
      type: "text",
      secret: true,
      pattern: "^[0-9A-Za-z]{32}$",
      form: "32 letters and digits",
      description: "API v3 key (APIv3密钥): notifications are encrypted with it.",
      example: "wechat-v3-key",
    },
  ],
  merchant: ["merchantId", "appId"],
  gateway: "https://api.mch.weixin.qq.com",
  limits,
  health: { refusal: "fail" },
};
