import { isPlainObject } from "@kysera/core";
import type { Attributes } from "@kysera/executor";
import type { RLSAuth, RLSContext } from "./context.ts";
import { isMade, readContext } from "./create_rls_context.ts";
import { RLSContextError, RLSContextValidationError } from "./errors.ts";
import type { RLSContextProvider } from "./options.ts";

/** Where the context of a query comes from: from its handle, or else from the provider. */
export class ContextSource {
  readonly #provider: RLSContextProvider | undefined;
  readonly #required: boolean;
  /** What was bound is frozen, so what was read of it stays good. */
  readonly #bound = new WeakMap<Attributes, RLSContext>();

  /**
   * Makes one.
   *
   * @param provider asked where no context is bound
   * @param required whether a query without a context is an error
   */
  constructor(provider: RLSContextProvider | undefined, required: boolean) {
    this.#provider = provider;
    this.#required = required;
  }

  /** Whether contexts may come from somewhere else than a handle. */
  get hasProvider(): boolean {
    return this.#provider !== undefined;
  }

  /**
   * The context.
   *
   * @returns `undefined` where there is none, and none is required
   * @throws {RLSContextError} where there is none
   */
  of(attributes: Attributes | undefined, table: string): RLSContext | undefined {
    if (attributes !== undefined) {
      const known = this.#bound.get(attributes);
      if (known !== undefined) return known;
      const { auth } = attributes;
      if (auth !== undefined) {
        // An object of a class is not copied when it is bound, and may be another one later.
        if (!isPlainObject(auth)) {
          throw new RLSContextValidationError(
            `Cannot use table "${table}": "auth" of the bound context is no plain object; bind what ` +
              "createRLSContext({ auth: { userId, roles } }) gives",
            "auth",
          );
        }
        // It is looked at there.
        const context = readContext(attributes as unknown as RLSContext);
        this.#bound.set(attributes, context);
        return context;
      }
    }
    const provided = this.#provided(table);
    if (provided !== undefined || !this.#required) return provided;
    throw new RLSContextError(
      `Cannot use table "${table}": nobody said who is asking; use ` +
        `bindContext(executor, { auth: { userId, roles } })` +
        (this.#provider === undefined
          ? `, or give rlsPlugin() a "contextProvider"`
          : `, or see why the "contextProvider" gives nothing`),
    );
  }

  /**
   * What tells the context of a run from another: a query that was compiled under one may not run
   * under the other. What is bound is looked after by the executor.
   */
  identity(attributes: Attributes | undefined): unknown {
    if (this.#provider === undefined || attributes?.["auth"] !== undefined) return undefined;
    const given = this.#provider();
    if (given === null || given === undefined) return undefined;
    return isMade(given) ? given : fingerprint(given);
  }

  #provided(table: string): RLSContext | undefined {
    const given = this.#ask(table);
    if (given === null || given === undefined) return undefined;
    if (typeof given !== "object" || "then" in given) {
      throw new RLSContextError(
        `Cannot use table "${table}": the "contextProvider" gave ` +
          `${typeof given === "object" ? "a promise" : `a ${typeof given}`}; it must return a ` +
          `context at once`,
      );
    }
    // The caller alone will do.
    return readContext("auth" in given ? given : { auth: given });
  }

  #ask(table: string): RLSContext | RLSAuth | null | undefined {
    try {
      return this.#provider?.();
    } catch (error) {
      throw new RLSContextError(
        `Cannot use table "${table}": the "contextProvider" threw ` +
          `(${error instanceof Error ? error.message : String(error)})`,
        { cause: error },
      );
    }
  }
}

/** A text that is the same for contexts that say the same. */
function fingerprint(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) return `@${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(fingerprint).join(",")}]`;
  if (isPlainObject(value)) {
    const members = Object.keys(value).sort();
    return `{${members.map((key) => `${JSON.stringify(key)}:${fingerprint(value[key])}`)}}`;
  }
  return typeof value === "object" && value !== null || typeof value === "function"
    ? `#${numberOf(value)}`
    : `${typeof value}:${JSON.stringify(value)}`;
}

const numbers = new WeakMap<object, number>();
let last = 0;

/** What cannot be looked into is known by its identity. */
function numberOf(value: object): number {
  let known = numbers.get(value);
  if (known === undefined) numbers.set(value, known = ++last);
  return known;
}
