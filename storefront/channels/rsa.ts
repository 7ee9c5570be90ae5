import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** Base64 of an RSA signature (PKCS #1 v1.5) over SHA-256: Alipay's "RSA2", WeChat's "SHA256-RSA2048", epay's "SHA256WithRSA". */
export const signRsa = (text: string, key: KeyObject): string =>
  sign("sha256", Buffer.from(text), key).toString("base64");

export function verifyRsa(signed: string | Buffer, signature: string, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, "base64");
  // Buffer.from skips what is not base64, and bits that fill the last character up, so that many texts would be one signature.
  if (bytes.toString("base64") !== signature) return false;
  return verify("sha256", Buffer.from(signed as string), key, bytes);
}

/** From PEM, or from the bare base64 that Alipay's and most epays' consoles show. Undefined: not an RSA key of 2048 bits or more. */
export const privateKeyOf = (text: string): KeyObject | undefined =>
  firstKey([
    () => createPrivateKey(text),
    () => createPrivateKey({ key: der(text), format: "der", type: "pkcs8" }),
    () => createPrivateKey({ key: der(text), format: "der", type: "pkcs1" }),
  ]);

/** As `privateKeyOf`. A private key is none, though Node would derive its public half: it does not belong in a plain field. */
export const publicKeyOf = (text: string): KeyObject | undefined =>
  text.includes("PRIVATE KEY")
    ? undefined
    : firstKey([
        () => createPublicKey(text),
        () => createPublicKey({ key: der(text), format: "der", type: "spki" }),
      ]);

const der = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "base64");

function firstKey(readings: readonly (() => KeyObject)[]): KeyObject | undefined {
  for (const read of readings) {
    try {
      const key = read();
      const strong =
        key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
      if (strong) return key;
    } catch {
      // not written this way: the caller reports a key that fits none
    }
  }
  return undefined;
}
