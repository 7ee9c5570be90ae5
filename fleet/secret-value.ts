import { channelKinds, type Adapter } from "../config/channels";
import { secretNameForm, secretNamePattern } from "../config/channels/schema";
import { secretValueFinding } from "../config/channels/secret-value";
import { UserError } from "../config/error";
import { codePoint } from "../config/text";
import type { SecretUse } from "./secrets";

/** Bytes. The longest secret there is is a private key of some 3,000. */
const longest = 16 * 1024;

/**
 * A secret as it is stored: lines end with LF, none is empty at the end.
 * @param adapters the payment systems that custom channels may name
 * @throws UserError, which never says the value, where it cannot be one, or cannot be what a field wants that names it
 */
export function checkSecret(
  name: string,
  written: string,
  uses: readonly SecretUse[],
  adapters: ReadonlyMap<string, Adapter> = new Map(),
): string {
  const refuse = (why: string): never => {
    throw new UserError(`the value for ${name} was not taken: ${why}. Nothing was set.`);
  };
  // The name is not repeated: it may be a value in the wrong place.
  if (!new RegExp(secretNamePattern).test(name))
    throw new UserError(`that is no name of a secret, which has ${secretNameForm}. Nothing was set.`);
  const value = written.replaceAll("\r\n", "\n").replace(/\n+$/, "");
  if (value === "") refuse("it is empty");
  if (Buffer.byteLength(value) > longest)
    refuse(`it has ${Buffer.byteLength(value)} bytes, and no secret has more than ${longest}`);
  if (value !== value.trim())
    refuse("it begins or ends with a blank or an empty line, which a copy brings along");
  const odd = /[^\P{C}\n]/u.exec(value)?.[0];
  if (odd !== undefined) refuse(`it holds the invisible character ${codePoint(odd)}`);
  for (const { channel, kind, adapter, field } of uses) {
    const descriptor =
      adapters.get(adapter ?? "")?.descriptor ?? Object.values(channelKinds).find((one) => one.kind === kind);
    const fields = descriptor?.fields ?? [];
    const wanted = fields.find((one) => one.secret && one.name === field);
    const why = wanted && secretValueFinding(wanted, value);
    if (why) refuse(`for ${field} of the channel ${channel}, ${why}`);
  }
  return value;
}
