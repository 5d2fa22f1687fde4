import type { MiddlewareHandler } from "hono";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Env } from "../features/accounts/session.ts";
import type { Config } from "./config.ts";
import { ApiError } from "./errors.ts";

/** A minute, in seconds. */
const WINDOW = 60;

/**
 * Limits how many requests a member may send. It counts in this process: with several behind a load
 * balancer, give the library a shared store.
 */
export function limitRequests({ requestsPerMinute }: Config): MiddlewareHandler<Env> {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: WINDOW });
  return async (c, next) => {
    await consume(limiter, c.get("session").member.id);
    await next();
  };
}

/** Limits how often an account may be tried to sign in to, whoever does. */
export function limitLogins({ loginsPerMinute }: Config): (email: string) => Promise<void> {
  const limiter = new RateLimiterMemory({ points: loginsPerMinute, duration: WINDOW });
  return (email) => consume(limiter, email);
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.ceil(error.msBeforeNext / 1000);
    throw new ApiError(429, "too_many_requests", `Try again in ${seconds} s`, {
      "retry-after": String(seconds),
    });
  }
}
