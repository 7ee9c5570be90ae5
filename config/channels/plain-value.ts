import { createPublicKey, type KeyObject } from "node:crypto";

import { choiceFinding } from "../forms";
import type { Finding } from "../problem";
import { textFinding } from "../text";
import { leastKeyLength, privateKey } from "./secret-value";
import type { Field } from "./types";

/** Why `value` cannot be what a plain field wants, and what to write instead; undefined where it can. */
export function plainValueFinding(
  { type, pattern, form, choices }: Pick<Field, "type" | "pattern" | "form" | "choices">,
  value: string,
): Finding | undefined {
  switch (type) {
    case "publicKey":
      return publicKeyFinding(value);
    case "url":
      return addressFinding(value);
    case "choice":
      return choiceFinding(value, choices ?? []);
    case "text":
      if (pattern === undefined) return textFinding(value, 1, 200);
      return new RegExp(pattern, "u").test(value)
        ? undefined
        : text(`write ${form ?? `what matches ${pattern}`}`);
    case "privateKey":
      throw new Error("A descriptor has a private key that is not secret.");
  }
}

const text = (why: string): Finding => ({ code: "value/text", why });

function publicKeyFinding(value: string): Finding | undefined {
  if (value.includes("PRIVATE KEY") || privateKey(value)) {
    const why = "that is a private key, and a file is no place for it; write the gateway's public key here";
    return { code: "channel/plain-secret", why: `${why}, and have the pair replaced if anybody has seen it` };
  }
  if (value.includes("BEGIN CERTIFICATE"))
    return text("that is a certificate; write the public key that is in it");
  const key = publicKey(value);
  if (!key) return text("that is no public key; write it in PEM form, or as the base64 of it");
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== "rsa" || modulusLength < leastKeyLength)
    return text(`that is no RSA key of ${leastKeyLength} bits or more; write the one that the gateway shows`);
  return undefined;
}

/** PEM, or the base64 of its content that merchant consoles show. */
function publicKey(value: string): KeyObject | undefined {
  const der = { key: Buffer.from(value, "base64"), format: "der", type: "spki" } as const;
  try {
    return createPublicKey(value.includes("-----BEGIN") ? value : der);
  } catch {
    return undefined; // what OpenSSL says of it helps nobody; the caller has better words
  }
}

function addressFinding(value: string): Finding | undefined {
  if (!URL.canParse(value)) return text("write an address like https://pay.example.com");
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  if (protocol !== "https:") return text("keys and money go there; write an https address");
  if (!/^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*$/.test(hostname))
    return text("its host must be a public name, which a certificate can be for");
  if (username || password || search || hash)
    return text("it has a user, a query or a fragment; write the address alone");
  return textFinding(value, 1, 200);
}
