/** Yuan as gateways write them, "12.34", "12.3" or "12", in fen; undefined where it is no amount above zero. */
export function fenOf(yuan: string): number | undefined {
  const [, whole, part = ""] = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(yuan) ?? [];
  const fen = whole === undefined ? 0 : Number(whole) * 100 + Number(part.padEnd(2, "0"));
  return fen > 0 ? fen : undefined;
}

export const yuanOf = (fen: number): string =>
  `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;

/** "2026-01-31 08:00:00" in China, which has one time zone and no summer time. */
export const chinaTime = (milliseconds: number): string =>
  new Date(milliseconds + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");

/** The same with its zone: "2026-01-31T08:00:00+08:00". */
export const chinaTimeWithZone = (milliseconds: number): string =>
  `${chinaTime(milliseconds).replace(" ", "T")}+08:00`;

/** Milliseconds of a "2026-01-31 08:00:00" of China; undefined where it is none. */
export function millisecondsOf(time: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(time)) return undefined;
  const milliseconds = Date.parse(`${time.replace(" ", "T")}+08:00`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Whether a time, in seconds since 1970, is at most five minutes from now. */
export const isFresh = (timestamp: string, now: number): boolean =>
  /^\d{10}$/.test(timestamp) && Math.abs(Number(timestamp) * 1000 - now) <= 300_000;

/** Parameters by name; undefined where one is there twice, which makes it a matter of taste what was signed. */
export function paramsOf(...sources: readonly URLSearchParams[]): Record<string, string> | undefined {
  const pairs = sources.flatMap((source) => [...source]);
  const params = Object.fromEntries(pairs);
  return Object.keys(params).length === pairs.length ? params : undefined;
}

/** Whether a shop may ask to be called there: an absolute URL of the web, of up to 512 characters, without a name, a password or a fragment. */
export function isWebUrl(text: string): boolean {
  if (text.length > 512 || !URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return ["http:", "https:"].includes(protocol) && !username && !password && !hash;
}
