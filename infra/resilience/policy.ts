/** What a policy gives to the work that it runs. */
export interface PolicyContext {
  /** Aborted when nobody waits for the work any longer. */
  readonly signal: AbortSignal;
}

/** How a policy is to run a piece of work. */
export interface PolicyCallOptions {
  /** Ends the waiting, and is passed on to the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Something that runs work under a rule: a circuit breaker, a bulkhead, a timeout, .. `Extra` is what
 * it may answer with in the work's place.
 */
export interface Policy<Extra = never> {
  /** Never there at run time: the type of what it may answer with. */
  readonly extra?: Extra;
  /**
   * Runs work.
   *
   * @param fn the work
   * @param options a signal
   * @returns what the work returns
   */
  execute<T>(
    fn: (context: PolicyContext) => T | PromiseLike<T>,
    options?: PolicyCallOptions,
  ): Promise<T | Extra>;
}

/** What a policy may answer with in the work's place. */
export type ExtraOf<P> = P extends { readonly extra?: infer Extra }
  ? unknown extends Extra ? never : Extra
  : never;
