import type { CompiledQuery } from "kysely";
import type { Attributes } from "../contract/plugin.ts";
import type { CacheKey } from "../rewrite/_pass.ts";
import type { DeferredParameter } from "../tree/_deferred_parameter.ts";
import { isSame } from "./_same_value.ts";

/** A deferred parameter, and what was read for it. */
export type ReadParameter = readonly [parameter: DeferredParameter<unknown>, value: unknown];

/** How long, in ms, a value is watched for whether it changes while nobody else can have a turn. */
const WATCHED_FOR = 3;
/** How often at most: a test may have stopped the clock. */
const MOST_LOOKS = 20_000;

interface Read {
  read(context: Attributes | undefined, run: object): unknown;
  readonly value: unknown;
}

/**
 * What hooks have read of a caller who may be another one when the query runs: a compiled query is
 * compared by it, and by nothing else of a context.
 */
export class ContextReads {
  readonly #keys: readonly Read[];
  readonly #parameters: readonly Read[];
  /** Stands for the run that they were read in. */
  readonly run: object;
  readonly #again: (run: object) => CompiledQuery;

  /**
   * @param run stands for the run that they were read in
   * @param again compiles the query again, for what is read in another run
   */
  constructor(
    keys: readonly CacheKey[],
    parameters: readonly ReadParameter[],
    run: object,
    again: (run: object) => CompiledQuery,
  ) {
    this.#keys = keys;
    this.#parameters = parameters.map(([parameter, value]) => ({
      read: (context: Attributes | undefined, run: object) => parameter.read(context, run),
      value,
    }));
    this.run = run;
    this.#again = again;
  }

  /**
   * Returns the query that is to run, if it may: nothing is ever run with what was read of somebody
   * else.
   *
   * | what hooks read now                                            | the query                  |
   * | -------------------------------------------------------------- | -------------------------- |
   * | the same                                                       | as it was compiled         |
   * | something that changes from look to look (a clock, an id)      | compiled again, by it      |
   * | something else, although the plugins say that nobody else asks | compiled again, by it      |
   * | something else                                                 | `undefined`: not to be run |
   *
   * @param run stands for the run of the query that is to begin
   * @param isSameCaller asks the plugins whether two runs are those of one caller
   */
  admit(
    query: CompiledQuery,
    context: Attributes | undefined,
    run: object,
    isSameCaller: (run: object, before: object) => boolean,
  ): CompiledQuery | undefined {
    if (run === this.run) return query;
    // The parameters of a query of one form are not those of another.
    let other = changed(this.#keys, context, run);
    if (other.length === 0) other = changed(this.#parameters, context, run);
    if (other.length === 0) return query;
    return isSameCaller(run, this.run) || areVolatile(other, context)
      ? this.#again(run)
      : undefined;
  }
}

interface Changed {
  readonly each: Read;
  readonly now: unknown;
}

function changed(reads: readonly Read[], context: Attributes | undefined, run: object): Changed[] {
  return reads
    .map((each) => ({ each, now: each.read(context, run) }))
    .filter(({ each, now }) => !isSame(each.value, now));
}

/** Returns true if each value changes while nothing else runs: it says nothing about the caller. */
function areVolatile(reads: readonly Changed[], context: Attributes | undefined): boolean {
  let steady = reads;
  const start = performance.now();
  for (let looks = 1; steady.length > 0; looks++) {
    // The last look comes after the time is up: a busy machine may take all of it before the first.
    const isLast = looks >= MOST_LOOKS || performance.now() - start > WATCHED_FOR;
    const again = {};
    steady = steady.filter(({ each, now }) => isSame(each.read(context, again), now));
    if (isLast) break;
  }
  return steady.length === 0;
}
