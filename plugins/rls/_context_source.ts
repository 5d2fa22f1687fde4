import { isPlainObject } from "@kysera/core";
import type { Attributes } from "@kysera/executor";
import type { RLSAuth, RLSContext } from "./context.ts";
import { readContext } from "./create_rls_context.ts";
import { RLSContextError, RLSContextValidationError } from "./errors.ts";
import type { RLSContextProvider } from "./options.ts";

/** Where the context of a query comes from: from its handle, or else from the provider. */
export class ContextSource {
  readonly #provider: RLSContextProvider | undefined;
  readonly #required: boolean;
  /** What was bound is frozen, so what was read of it stays good. */
  readonly #bound = new WeakMap<Attributes, RLSContext>();
  /** What the provider gave: it is asked once for each run of a query. */
  readonly #provided = new WeakMap<object, RLSContext | typeof NOBODY>();

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

  /**
   * Returns the context.
   *
   * @param run stands for the run of a query: the provider is asked once for each
   * @returns `undefined` where there is none, and none is required
   * @throws {RLSContextError} where there is none
   */
  of(attributes: Attributes | undefined, table: string, run: object): RLSContext | undefined {
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

  /** Returns true if the caller comes from the provider, and so may be another one at each run. */
  callerMayChange(attributes: Attributes | undefined): boolean {
    return this.#provider !== undefined && attributes?.["auth"] === undefined;
  }

  #providedFor(run: object, table: string): RLSContext | undefined {
    if (this.#provider === undefined) return undefined;
    let known = this.#provided.get(run);
    if (known === undefined) this.#provided.set(run, known = this.#read(table) ?? NOBODY);
    return known === NOBODY ? undefined : known;
  }

  #read(table: string): RLSContext | undefined {
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

/** Stands for a provider that gave nobody. */
const NOBODY: unique symbol = Symbol("nobody");
