import { generateKeyPair, randomBytes, randomInt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import type { Kind } from "./types";

const generate = promisify(generateKeyPair);
const pem = z.string().startsWith("-----BEGIN ");

/** What a gateway knows of a merchant. */
export const registrationSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("alipay"),
    /** appId. */
    merchant: z.string().regex(/^\d{16}$/, "an appId is 16 digits"),
    /** The merchant's. */
    publicKey: pem,
    /** The gateway's own for this merchant. */
    platformPrivateKey: pem,
  }),
  z.strictObject({
    kind: z.literal("wechatPay"),
    /** mchid. */
    merchant: z.string().regex(/^\d{8,10}$/, "a merchantId is 8 to 10 digits"),
    appId: z.string().regex(/^wx[0-9a-f]{16}$/, 'an appId is "wx" and 16 hexadecimal digits'),
    certificateSerial: z.string().regex(/^[0-9A-F]{40}$/, "a serial is 40 hexadecimal digits"),
    publicKey: pem,
    platformPrivateKey: pem,
    platformPublicKeyId: z.string().startsWith("PUB_KEY_ID_"),
    apiV3Key: z.string().regex(/^[A-Za-z0-9]{32}$/, "an API v3 key is 32 letters and digits"),
  }),
  z.discriminatedUnion("version", [
    z.strictObject({
      kind: z.literal("epay"),
      version: z.literal("v1"),
      /** pid. */
      merchant: z.string().regex(/^\d{1,10}$/, "a pid is up to 10 digits"),
      key: z.string().min(16),
    }),
    z.strictObject({
      kind: z.literal("epay"),
      version: z.literal("v2"),
      merchant: z.string().regex(/^\d{1,10}$/, "a pid is up to 10 digits"),
      publicKey: pem,
      platformPrivateKey: pem,
    }),
  ]),
]);
export type Registration = z.infer<typeof registrationSchema>;
export type RegistrationOf<K extends Kind> = Extract<Registration, { kind: K }>;

/** What a merchant knows: what its channel is configured with, by the fields' names. */
export const materialSchema = z.strictObject({
  kind: z.enum(["alipay", "wechatPay", "epay"]),
  /** appId, mchid or pid: the gateway's name for it. */
  merchant: z.string(),
  fields: z.record(z.string(), z.string()),
  secrets: z.record(z.string(), z.string()),
});
export type Material = z.infer<typeof materialSchema>;

export interface NewMerchant {
  readonly registration: Registration;
  readonly material: Material;
}

/** What a new merchant can be: epay has one kind for each version of its interface. */
export const merchantTypes = ["alipay", "wechatPay", "epayV1", "epayV2"] as const;
export type MerchantType = (typeof merchantTypes)[number];

/** Makes up a merchant with keys of its own on both sides. */
export async function newMerchant(type: MerchantType): Promise<NewMerchant> {
  switch (type) {
    case "alipay":
      return await alipay();
    case "wechatPay":
      return await wechatPay();
    case "epayV1":
      return epayV1();
    case "epayV2":
      return await epayV2();
  }
}

async function alipay(): Promise<NewMerchant> {
  const [own, platform] = await Promise.all([keyPair(), keyPair()]);
  const merchant = `2021${digits(12)}`;
  return {
    registration: {
      kind: "alipay",
      merchant,
      publicKey: own.publicKey,
      platformPrivateKey: platform.privateKey,
    },
    material: {
      kind: "alipay",
      merchant,
      fields: { appId: merchant, alipayPublicKey: platform.publicKey },
      secrets: { privateKey: own.privateKey },
    },
  };
}

async function wechatPay(): Promise<NewMerchant> {
  const [own, platform] = await Promise.all([keyPair(), keyPair()]);
  const merchant = `16${digits(8)}`;
  const appId = `wx${randomBytes(8).toString("hex")}`;
  const certificateSerial = randomBytes(20).toString("hex").toUpperCase();
  const platformPublicKeyId = `PUB_KEY_ID_0${merchant}${digits(21)}`;
  const apiV3Key = randomBytes(16).toString("hex");
  return {
    registration: {
      kind: "wechatPay",
      merchant,
      appId,
      certificateSerial,
      publicKey: own.publicKey,
      platformPrivateKey: platform.privateKey,
      platformPublicKeyId,
      apiV3Key,
    },
    material: {
      kind: "wechatPay",
      merchant,
      fields: {
        appId,
        merchantId: merchant,
        certificateSerial,
        platformPublicKeyId,
        platformPublicKey: platform.publicKey,
      },
      secrets: { privateKey: own.privateKey, apiV3Key },
    },
  };
}

function epayV1(): NewMerchant {
  const merchant = digits(8);
  const key = randomBytes(16).toString("hex");
  return {
    registration: { kind: "epay", version: "v1", merchant, key },
    material: {
      kind: "epay",
      merchant,
      fields: { version: "v1", merchantId: merchant, type: "alipay" },
      secrets: { key },
    },
  };
}

async function epayV2(): Promise<NewMerchant> {
  const [own, platform] = await Promise.all([keyPair(), keyPair()]);
  const merchant = digits(8);
  return {
    registration: {
      kind: "epay",
      version: "v2",
      merchant,
      publicKey: own.publicKey,
      platformPrivateKey: platform.privateKey,
    },
    material: {
      kind: "epay",
      merchant,
      fields: {
        version: "v2",
        merchantId: merchant,
        type: "alipay",
        platformPublicKey: platform.publicKey,
      },
      secrets: { privateKey: own.privateKey },
    },
  };
}

const keyPair = () =>
  generate("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });

/** Random digits, the first of them not 0. */
const digits = (count: number): string =>
  Array.from({ length: count }, (_, i) => randomInt(i === 0 ? 1 : 0, 10)).join("");
