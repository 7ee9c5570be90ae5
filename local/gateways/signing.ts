import {
  createCipheriv,
  createHash,
  randomBytes,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from "node:crypto";

/** SHA256withRSA (PKCS#1 v1.5) over UTF-8, as base64: Alipay's RSA2, WeChat's SHA256-RSA2048, epay's RSA. */
export const signRsa = (text: string, privateKey: string): string =>
  signBytes("RSA-SHA256", Buffer.from(text), privateKey).toString("base64");

export const fitsRsa = (text: string, signature: string, publicKey: string): boolean =>
  verifyBytes("RSA-SHA256", Buffer.from(text), publicKey, Buffer.from(signature, "base64"));

/** Epay's MD5: lower-case, the key right behind the text. */
export const signMd5 = (text: string, key: string): string =>
  createHash("md5")
    .update(text + key)
    .digest("hex");

export const sameText = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

/** `a=1&b=2`: names in the order of their bytes, values as they are (not percent-encoded), without the empty ones and `except`. */
export const signedText = (params: Readonly<Record<string, string>>, except: readonly string[]): string =>
  Object.entries(params)
    .filter(([name, value]) => value !== "" && !except.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");

/** AEAD_AES_256_GCM as WeChat's API v3 does it: the tag stands behind the ciphertext. The nonce is 12 characters of text. */
export function seal(
  text: string,
  key: string,
  associatedData: string,
  nonce: string = randomBytes(6).toString("hex"),
): { ciphertext: string; nonce: string } {
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: sealed.toString("base64"), nonce };
}

/** The same signature with its last bit turned: well-formed, and wrong. */
export function spoilt(signature: string, encoding: "base64" | "hex"): string {
  const bytes = Buffer.from(signature, encoding);
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString(encoding);
}
