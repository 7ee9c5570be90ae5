import { limits, publicKeyExample } from "./common";
import type { ChannelDescriptor, Field } from "./types";

const v1 = { field: "version", is: "v1" };
const v2 = { field: "version", is: "v2" };

const fields: readonly Field[] = [
  {
    name: "version",
    type: "choice",
    choices: ["v1", "v2"],
    description: "v1 signs by MD5 and a key, v2 by RSA (SHA256WithRSA). Choose v2 where the gateway has it.",
    example: "v2",
  },
  {
    name: "gateway",
    type: "url",
    description: "Address of the gateway: what stands before /submit.php or /api/pay in its documentation.",
    example: "https://pay.example.com",
  },
  {
    name: "merchantId",
    type: "text",
    pattern: "^[0-9]{1,12}$",
    form: "the merchant's number (pid), 1 to 12 digits, in quotes",
    description: "The merchant's number at the gateway (商户ID, pid).",
    example: "1001",
  },
  {
    name: "type",
    type: "text",
    pattern: "^[a-z][a-z0-9]{1,15}$",
    form: "the gateway's word for a way of paying, like alipay or wxpay",
    description: "How the buyer pays, in the gateway's words: alipay, wxpay, qqpay, bank.",
    example: "alipay",
  },
  {
    name: "platformPublicKey",
    type: "publicKey",
    when: v2,
    description: "Public key of the gateway (平台公钥): it verifies notifications. Of v2.",
    example: publicKeyExample,
  },
  {
    name: "key",
    type: "text",
    secret: true,
    when: v1,
    pattern: "^[0-9A-Za-z]{16,64}$",
    form: "16 to 64 letters and digits",
    description: "The merchant's key (商户密钥): it signs requests and notifications. Of v1.",
    example: "epay-key",
  },
  {
    name: "privateKey",
    type: "privateKey",
    secret: true,
    when: v2,
    description: "The merchant's private key (商户私钥): it signs requests. Of v2.",
    example: "epay-key",
  },
];

/** 易支付, a family of gateways that speak alike; each has an address of its own. */
export const epay: ChannelDescriptor = {
  kind: "epay",
  title: "易支付",
  description: "易支付 (epay): any gateway of that family, v1 or v2.",
  fields,
  merchant: ["gateway", "merchantId", "type"],
  limits,
  health: { refusal: "fail" },
};
