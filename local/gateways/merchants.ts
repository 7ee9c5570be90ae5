import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { z } from "zod";
import { privateKey } from "../../config/channels/secret-value";
import type { Field } from "../../config/channels/types";
import type { Kind } from "./types";

const pem = z.string().startsWith("-----BEGIN ");

/** What a gateway knows of a merchant. */
export const registrationSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("alipay"),
    /** appId. */
    merchant: z.string().regex(/^\d{16}$/, "an appId is 16 digits"),
    /** The merchant's. */
    publicKey: pem,
  }),
  z.strictObject({
    kind: z.literal("wechatPay"),
    /** mchid. */
    merchant: z.string().regex(/^\d{8,10}$/, "a merchantId is 8 to 10 digits"),
    appId: z.string().regex(/^wx[0-9a-f]{16}$/, 'an appId is "wx" and 16 hexadecimal digits'),
    certificateSerial: z.string().regex(/^[0-9A-F]{40}$/, "a serial is 40 hexadecimal digits"),
    publicKey: pem,
    platformPublicKeyId: z.string().startsWith("PUB_KEY_ID_"),
    apiV3Key: z.string().regex(/^[A-Za-z0-9]{32}$/, "an API v3 key is 32 letters and digits"),
  }),
  z.discriminatedUnion("version", [
    z.strictObject({
      kind: z.literal("epay"),
      version: z.literal("v1"),
      /** pid. */
      merchant: z.string().regex(/^\d{1,12}$/, "a pid is up to 12 digits"),
      key: z.string().min(16),
    }),
    z.strictObject({
      kind: z.literal("epay"),
      version: z.literal("v2"),
      merchant: z.string().regex(/^\d{1,12}$/, "a pid is up to 12 digits"),
      publicKey: pem,
    }),
  ]),
]);
export type Registration = z.infer<typeof registrationSchema>;
type RegistrationOf<K extends Kind> = Extract<Registration, { kind: K }>;

/** A merchant as its gateway serves it. The gateways have one pair of keys for all merchants, whatever the kind. */
export type MerchantOf<K extends Kind> = RegistrationOf<K> & { readonly platformPrivateKey: string };

type Values = Readonly<Record<string, string>>;

/**
 * What the gateway of a kind is to know of the merchant that a channel names.
 * @param fields plain ones of the channel, by the names of config/channels
 * @param secrets values of its secret ones; of a private key the other half is kept
 */
export function registrationOf(kind: Kind, fields: Values, secrets: Values): Registration {
  const publicKey = () => publicHalf(secrets["privateKey"] ?? "");
  switch (kind) {
    case "alipay":
      return registrationSchema.parse({ kind, merchant: fields["appId"], publicKey: publicKey() });
    case "wechatPay": {
      const { appId, merchantId: merchant, certificateSerial, platformPublicKeyId } = fields;
      const { apiV3Key } = secrets;
      const own = { appId, certificateSerial, platformPublicKeyId, apiV3Key, publicKey: publicKey() };
      return registrationSchema.parse({ kind, merchant, ...own });
    }
    case "epay": {
      const { version, merchantId: merchant } = fields;
      const own = version === "v1" ? { key: secrets["key"] } : { publicKey: publicKey() };
      return registrationSchema.parse({ kind, version, merchant, ...own });
    }
  }
}

/** A new value for a merchant's secret field: its half of a pair of keys, or 32 letters and digits that both sides know. */
export const newSecret = ({ type }: Pick<Field, "type">): string =>
  type === "privateKey" ? newPrivateKey() : randomBytes(16).toString("hex");

/** RSA, 2,048 bits, PEM. */
export const newPrivateKey = (): string =>
  generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();

function publicHalf(text: string): string {
  const key = privateKey(text);
  if (!key) throw new Error("a merchant's private key is none"); // refused where it was stored
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}
