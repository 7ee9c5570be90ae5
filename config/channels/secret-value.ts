import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Field } from "./types";

/** Bits. Alipay, WeChat Pay and epay all sign with RSA of this length. */
export const leastKeyLength = 2048;

/** Why `value` cannot be what a secret field wants, and what to give instead; undefined where it can. Says nothing of the value but its length. */
export function secretValueFinding({ type, pattern, form }: Field, value: string): string | undefined {
  if (type === "privateKey") return privateKeyFinding(value);
  const wanted = new RegExp(pattern ?? "^\\S(?:.{0,198}\\S)?$", "u");
  if (wanted.test(value)) return undefined;
  return `it has ${[...value].length} characters; give ${form ?? "one line of 1 to 200 visible characters"}`;
}

function privateKeyFinding(value: string): string | undefined {
  if (value.includes("PUBLIC KEY-----")) return "that is a public key; give the private one";
  const key = privateKey(value);
  if (!key) return "that is no private key; give it in PEM form, or as the base64 of it";
  if (key.asymmetricKeyType !== "rsa")
    return `that is a key of another kind (${key.asymmetricKeyType}); give one of RSA`;
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < leastKeyLength)
    return `the key has ${modulusLength} bits; make one of ${leastKeyLength} or more`;
  return undefined;
}

/** PEM, or the base64 of PKCS #8 or PKCS #1 that merchant tools write; undefined where it is none of these. */
export function privateKey(text: string): KeyObject | undefined {
  const der = { key: Buffer.from(text, "base64"), format: "der" } as const;
  const readings = text.includes("-----BEGIN")
    ? [() => createPrivateKey(text)]
    : [() => createPrivateKey({ ...der, type: "pkcs8" }), () => createPrivateKey({ ...der, type: "pkcs1" })];
  for (const read of readings) {
    try {
      return read();
    } catch {
      // The next reading may fit; where none does, the caller has better words than OpenSSL.
    }
  }
  return undefined;
}
