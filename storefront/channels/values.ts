/** How the gateways write money, times and names. Amounts are whole fen (分) everywhere in the shop. */

/** "12.34" is 1234; undefined for what is not an amount of yuan with at most two decimals. Never by way of a float. */
export function fenOf(yuan: string): number | undefined {
  const match = /^(0|[1-9]\d{0,8})(?:\.(\d{1,2}))?$/.exec(yuan);
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : undefined;
}

/**
 * When the gateway took the money: "2026-11-23 17:23:00" in China, or an RFC 3339 time with a zone. Undefined for what is no such time, and
 * where it is absent; then the shop goes by when it heard of it.
 */
export function paidAtOf(text: string | undefined): { readonly paidAt?: Date } {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/.exec(text ?? "");
  const time = match ? new Date(`${match[1]}T${match[2]}${match[3] ?? "+08:00"}`) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? {} : { paidAt: time };
}

/** A clock may be this many seconds off; gateways sign every repeat anew, so a genuine one is never older. */
const tolerance = 300;

/** True for a time in whole seconds since 1970 that is near ours. */
export const isFresh = (seconds: string): boolean =>
  /^\d{9,11}$/.test(seconds) && Math.abs(Date.now() / 1000 - Number(seconds)) <= tolerance;

/**
 * What is bought, as every gateway takes it: no character that Alipay forbids or an epay strips, none outside the basic plane (their
 * databases), and at most 127 bytes. An epay cuts there itself, through the middle of a character, and then signs the broken rest.
 */
export function subjectOf(subject: string): string {
  const clean = subject.replace(/[\p{C}/\\=&<>"'%+]|[^\u0000-\uffff]/gu, " ").replace(/\s+/g, " ");
  let end = clean.length;
  while (Buffer.byteLength(clean.slice(0, end)) > 127) end -= 1;
  return clean.slice(0, end).trim() || "订单";
}
