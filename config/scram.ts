import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** What PostgreSQL stores of a password: a SCRAM-SHA-256 verifier (RFC 5803), `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`. */

const pattern =
  /^SCRAM-SHA-256\$(?<iterations>\d+):(?<salt>[A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/;
const derive = promisify(pbkdf2);

export const isScramVerifier = (text: string): boolean => pattern.test(text);

/**
 * A verifier of a password: made here, so that the password itself is in no statement and no log.
 *
 * @param password ASCII, for which SASLprep changes nothing
 */
export async function scramVerifier(
  password: string,
  salt = randomBytes(16),
  iterations = 4096,
): Promise<string> {
  const salted = await derive(password, salt, iterations, 32, "sha256");
  const keyed = (label: string) => createHmac("sha256", salted).update(label).digest();
  const storedKey = createHash("sha256").update(keyed("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${keyed("Server Key").toString("base64")}`;
}

/** Whether `verifier` was made from this password. False for what is no SCRAM verifier. */
export async function fitsVerifier(password: string, verifier: string): Promise<boolean> {
  const { iterations, salt } = pattern.exec(verifier)?.groups ?? {};
  if (iterations === undefined || salt === undefined) return false;
  return (await scramVerifier(password, Buffer.from(salt, "base64"), Number(iterations))) === verifier;
}
