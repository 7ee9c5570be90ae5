/** Callers that are remembered at once; the one that has been quiet longest is forgotten first. */
const mostCallers = 4096;

/**
 * A bucket of `burst` tokens for each caller that refills at one token each `refillMilliseconds`, and one of `total` times that for all
 * callers together: so that neither one visitor nor a thousand fill the database with orders. In memory, for each container by itself.
 */
export class RateBound {
  private readonly callers = new Map<string, Bucket>();
  private readonly everybody: Bucket;

  constructor(
    private readonly burst: number,
    private readonly refillMilliseconds: number,
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.everybody = { tokens: burst * total, at: now() };
  }

  /** Takes a token of the caller's and a common one. @returns false when there is none */
  take(caller: string): boolean {
    const { burst, refillMilliseconds, total } = this;
    const bucket = this.callers.get(caller) ?? { tokens: burst, at: this.now() };
    this.callers.delete(caller); // and to the end: a Map keeps its order
    this.callers.set(caller, bucket);
    if (this.callers.size > mostCallers) this.callers.delete(this.callers.keys().next().value!);
    refill(bucket, burst, refillMilliseconds, this.now());
    refill(this.everybody, burst * total, refillMilliseconds / total, this.now());
    if (bucket.tokens < 1 || this.everybody.tokens < 1) return false;
    bucket.tokens -= 1;
    this.everybody.tokens -= 1;
    return true;
  }
}

interface Bucket {
  tokens: number;
  at: number;
}

function refill(bucket: Bucket, most: number, milliseconds: number, now: number): void {
  bucket.tokens = Math.min(most, bucket.tokens + (now - bucket.at) / milliseconds);
  bucket.at = now;
}
