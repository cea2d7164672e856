import { LIMITER_KEYS_MAX } from "../limits.ts";

export interface RateLimiter {
  /** Takes one token; false when there is none left. */
  take(key: string): boolean;
}

/** Token buckets by key. Memory is bounded: the key used longest ago is forgotten, which only gives it a full bucket again. */
export function createRateLimiter(rate: { burst: number; perMinute: number }, now: () => number): RateLimiter {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take(key) {
      const atMs = now();
      const known = buckets.get(key) ?? { tokens: rate.burst, atMs };
      const tokens = Math.min(rate.burst, known.tokens + ((atMs - known.atMs) * rate.perMinute) / 60_000);
      buckets.delete(key);
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs });
      const oldest = buckets.keys().next().value;
      if (buckets.size > LIMITER_KEYS_MAX && oldest !== undefined) buckets.delete(oldest);
      return tokens >= 1;
    },
  };
}
