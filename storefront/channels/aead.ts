import { createDecipheriv } from "node:crypto";

const tagBytes = 16;

/** Opens AES-256-GCM whose last 16 bytes are the tag. Undefined when it does not open with this key, nonce (12 bytes) and text. */
export function openAead(key: Buffer, nonce: Buffer, associated: Buffer, sealed: Buffer): Buffer | undefined {
  if (nonce.length !== 12 || sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
