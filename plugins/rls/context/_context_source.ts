import { isPlainObject } from "@kysera/core";
import type { Attributes } from "@kysera/executor";
import type { RLSAuth, RLSContext } from "../contract/context.ts";
import { readContext } from "./create_rls_context.ts";
import { RLSContextError, RLSContextValidationError } from "../contract/errors.ts";
import type { RLSContextProvider } from "../contract/options.ts";

/** Where the context of a query comes from: from its handle, or else from the provider. */
export class ContextSource {
  readonly #provider: RLSContextProvider | undefined;
  readonly #required: boolean;
  /** What was bound last, and what was read of it: one query asks several times. */
  #bound: Attributes | undefined;
  #read: RLSContext | undefined;
  /** What the provider gave: it is asked once for each run of a query. */
  readonly #provided = new WeakMap<object, Provided>();

  /**
   * @param provider asked where no context is bound
   * @param required whether a query without a context is an error
   */
  constructor(provider: RLSContextProvider | undefined, required: boolean) {
    this.#provider = provider;
    this.#required = required;
  }

  /**
   * Returns the context.
   *
   * @param run stands for the run of a query: the provider is asked once for each
   * @returns `undefined` where there is none, and none is required
   * @throws {RLSContextError} where there is none
   */
  of(attributes: Attributes | undefined, table: string, run: object): RLSContext | undefined {
    if (attributes !== undefined) {
      if (attributes === this.#bound) return this.#read;
      const { auth } = attributes;
      if (auth !== undefined) {
        // An object of a class is not copied when it is bound, and may be another one later.
        if (!isPlainObject(auth)) {
          throw new RLSContextValidationError(
            `Cannot use table "${table}": "auth" of the bound context is not a plain object; bind what ` +
              "createRLSContext({ auth: { userId, roles } }) gives",
            "auth",
          );
        }
        // It is looked at there.
        this.#read = readContext(attributes as unknown as RLSContext, true);
        this.#bound = attributes;
        return this.#read;
      }
    }
    const provided = this.#providedFor(run, table);
    if (provided !== undefined || !this.#required) return provided;
    throw new RLSContextError(
      `Cannot use table "${table}": no security context is bound; use ` +
        `bindContext(executor, { auth: { userId, roles } })` +
        (this.#provider === undefined
          ? `, or give rlsPlugin() a "contextProvider"`
          : `, or see why the "contextProvider" gives nothing`),
    );
  }

  /**
   * Returns an object that stands for the context of a run, as long as it is there: what was bound,
   * which is frozen, or what the provider gave. `undefined` where there is none.
   *
   * @throws {RLSContextError} where there is none, and one is required
   */
  keyOf(attributes: Attributes | undefined, table: string, run: object): object | undefined {
    return attributes?.["auth"] === undefined ? this.of(attributes, table, run) : attributes;
  }

  /** Returns true if the caller comes from the provider, and so may be another one at each run. */
  callerMayChange(attributes: Attributes | undefined): boolean {
    return this.#provider !== undefined && attributes?.["auth"] === undefined;
  }

  /** Returns what identifies the caller of a run, and what he may do. */
  callerOf(attributes: Attributes | undefined, run: object): readonly unknown[] {
    const auth = this.of(attributes, "", run)?.auth;
    const { userId, tenantId, isSystem, roles = [], permissions = [], organizationIds = [] } =
      auth ??
        {};
    const lists = [roles, permissions, organizationIds].map((list) => list.map(String).sort());
    return [userId, tenantId, isSystem, ...lists];
  }

  #providedFor(run: object, table: string): RLSContext | undefined {
    if (this.#provider === undefined) return undefined;
    let provided = this.#provided.get(run);
    if (provided === undefined) this.#provided.set(run, provided = this.#ask(this.#provider));
    if ("context" in provided) return provided.context;
    throw provided.makeError(table);
  }

  /** Asks the provider. Whatever comes of it is what came of it for the whole run. */
  #ask(provider: RLSContextProvider): Provided {
    let given: RLSContext | RLSAuth | null | undefined;
    try {
      given = provider();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return failed(`the "contextProvider" threw (${why})`, { cause: error });
    }
    if (given === null || given === undefined) return { context: undefined };
    if (typeof given !== "object" || isThenable(given)) {
      return failed(
        `the "contextProvider" gave ` +
          `${typeof given === "object" ? "a promise" : `a ${typeof given}`}; it must return a ` +
          `context at once`,
      );
    }
    try {
      // The caller alone will do.
      const context = "auth" in given && given.auth !== undefined
        ? given
        : { auth: given as RLSAuth };
      return { context: readContext(context) };
    } catch (error) {
      return { makeError: () => error };
    }
  }
}

/** What the provider gave, or why it gave nothing. */
type Provided =
  | { readonly context: RLSContext | undefined }
  | { readonly makeError: (table: string) => unknown };

function failed(why: string, options?: ErrorOptions): Provided {
  return {
    makeError: (table) => new RLSContextError(`Cannot use table "${table}": ${why}`, options),
  };
}

function isThenable(value: object): boolean {
  return typeof (value as { readonly then?: unknown }).then === "function";
}
