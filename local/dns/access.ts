import { createHash } from "node:crypto";
import { ApiError, refuse } from "./errors";

/** An API token and what it may do. */
export interface TokenSpec {
  /** The secret: 40 or more letters, digits, "-" and "_", like Cloudflare's. */
  readonly value: string;
  /** Ids of the zones that it reaches; "all" also opens and closes zones. */
  readonly zones: "all" | readonly string[];
  /** `edit` includes `read`. */
  readonly access: "read" | "edit";
}

export interface Token {
  /** 32 hexadecimal digits; not the secret. */
  readonly id: string;
  readonly zones: "all" | readonly string[];
  readonly access: "read" | "edit";
}

const wellFormed = /^[A-Za-z0-9_-]{40,}$/;
const digest = (secret: string) => createHash("sha256").update(secret).digest("hex");

/** Knows tokens by their digests, so that comparing takes the same time whatever is presented. */
export class Tokens {
  private readonly known = new Map<string, Token>();

  constructor(specs: readonly TokenSpec[]) {
    for (const { value, zones, access } of specs) {
      if (!wellFormed.test(value))
        throw new Error(
          "An API token must be 40 or more letters, digits, '-' and '_': clients refuse others unsent",
        );
      const key = digest(value);
      this.known.set(key, { id: digest(key).slice(0, 32), zones, access });
    }
  }

  /** The token of an Authorization header; throws the API's refusal. */
  authenticate(header: string | undefined): Token {
    if (header === undefined) throw refuse.noCredentials();
    const secret = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1];
    if (secret === undefined || !wellFormed.test(secret)) throw refuse.malformedToken();
    const token = this.known.get(digest(secret));
    if (!token) throw refuse.unknownToken();
    return token;
  }
}

export const reaches = (token: Token, zoneId: string): boolean =>
  token.zones === "all" || token.zones.includes(zoneId);

export interface RateLimit {
  /** @default 1200 */
  readonly requests: number;
  /** @default 300 */
  readonly windowSeconds: number;
}

/**
 * "1,200 requests per five minute period"; "if you exceed this limit, all API calls for the next five minutes will be
 * blocked". A window starts with the first request that finds none.
 */
export class RateLimiter {
  private readonly windows = new Map<string, { ends: number; used: number; blocked: boolean }>();

  constructor(
    private readonly limit: RateLimit,
    /** Milliseconds. */
    private readonly now: () => number,
  ) {}

  /** Counts a request of `key`. The headers of its answer, or the refusal. */
  take(key: string): Record<string, string> {
    const now = this.now();
    const length = this.limit.windowSeconds * 1000;
    let window = this.windows.get(key);
    if (!window || window.ends <= now)
      this.windows.set(key, (window = { ends: now + length, used: 0, blocked: false }));
    if (!window.blocked && ++window.used > this.limit.requests) {
      window.blocked = true;
      window.ends = now + length;
    }
    const seconds = Math.max(1, Math.ceil((window.ends - now) / 1000));
    const headers = {
      ratelimit: `"default";r=${Math.max(0, this.limit.requests - window.used)};t=${seconds}`,
      "ratelimit-policy": `"default";q=${this.limit.requests};w=${this.limit.windowSeconds}`,
    };
    if (!window.blocked) return headers;
    const refusal = refuse.tooManyRequests(seconds);
    throw new ApiError(refusal.status, refusal.problem, { ...headers, ...refusal.headers });
  }
}
