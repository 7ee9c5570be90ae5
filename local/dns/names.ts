import { createHash } from "node:crypto";
import { domainToASCII } from "node:url";

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** Octets of a name in presentation form without its last dot; 255 on the wire (RFC 1035, 2.3.4). */
const longest = 253;

/** Lower case and in Punycode, without a dot at the end; undefined where no DNS name can be made of it. */
function canonical(name: string): string | undefined {
  // Only what a label may hold goes to the URL host parser: it would skip or decode some of the rest.
  if (!/^[a-z0-9._*\u0080-\u{10ffff}-]+$/iu.test(name)) return undefined;
  const ascii = /^[\x21-\x7e]+$/.test(name) ? name.toLowerCase() : domainToASCII(name);
  const bare = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  return bare === "" || bare.length > longest ? undefined : bare;
}

/** A host name such as the content of a CNAME record; undefined if it is none (an address is none). */
export function hostName(text: string): string | undefined {
  const name = canonical(text);
  if (!name) return undefined;
  const labels = name.split(".");
  return labels.every((l) => label.test(l)) && !/^\d+$/.test(labels.at(-1) ?? "") ? name : undefined;
}

/**
 * The full name of a record of `zone`: "@" is the zone itself, and a name that does not end in the zone's is completed
 * with it, as Cloudflare does. "*" may stand for the first label. Undefined if it is not a DNS name.
 */
export function recordName(text: string, zone: string): string | undefined {
  if (text === "@") return zone;
  const name = canonical(text);
  if (!name) return undefined;
  const full = name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
  if (full.length > longest) return undefined;
  const labels = full.split(".");
  return labels.every((l, i) => label.test(l) || (i === 0 && l === "*" && full !== zone)) ? full : undefined;
}

/** The zone's id where none is given: the same for the same name on every machine. 32 hexadecimal digits. */
export const zoneIdOf = (name: string): string =>
  createHash("sha256").update(`substation dns zone ${name}`).digest("hex").slice(0, 32);
