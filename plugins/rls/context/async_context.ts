/**
 * The context of row-level security in async-local storage: an adapter for those who do not want to
 * hand the context on themselves. The storage is yours to give: `AsyncLocalStorage` of
 * `node:async_hooks` in Node.js, Deno, Bun and Workers, or anything with its two methods.
 *
 * @example
 * ```ts
 * import { rlsContext, useAsyncStorage } from "@kysera/rls/async-context";
 * import assert from "node:assert/strict";
 * import { AsyncLocalStorage } from "node:async_hooks";
 *
 * useAsyncStorage(new AsyncLocalStorage());
 *
 * // rlsPlugin({ schema, contextProvider: () => rlsContext.getContextOrNull() })
 * await rlsContext.runAsync({ auth: { userId: 1, roles: [], tenantId: 7 } }, async () => {
 *   await Promise.resolve();
 *   assert.equal(rlsContext.getTenantId(), 7);
 * });
 * assert.equal(rlsContext.hasContext(), false);
 * ```
 *
 * @module
 */
import type { RLSAuth, RLSContext, RLSId } from "../contract/context.ts";
import { createRLSContext } from "./create_rls_context.ts";
import { RLSContextError, RLSContextValidationError } from "../contract/errors.ts";

/** The part of `AsyncLocalStorage` that is needed. */
export interface AsyncStorage {
  /** Runs a function; what it starts, now or later, has the value. */
  run<R>(value: RLSContext, fn: () => R): R;
  /** The value of the function that is running. */
  getStore(): RLSContext | undefined;
}

/** Runs functions in contexts, and says what the context is. */
export interface AsyncRLSContext {
  /** Runs a function in a context. */
  run<R>(context: RLSContext, fn: () => R): R;
  /** Runs an async function in a context. */
  runAsync<R>(context: RLSContext, fn: () => Promise<R>): Promise<R>;
  /** The context. @throws {RLSContextError} where there is none */
  getContext(): RLSContext;
  /** The context, or `null`: what `contextProvider` is to give. */
  getContextOrNull(): RLSContext | null;
  /** Whether there is a context. */
  hasContext(): boolean;
  /** The caller. @throws {RLSContextError} where there is no context */
  getAuth(): RLSAuth;
  /** The user. @throws {RLSContextError} where there is no context */
  getUserId(): RLSId;
  /**
   * The tenant.
   *
   * @throws {RLSContextError} where there is no context
   * @throws {RLSContextValidationError} where it has no tenant
   */
  getTenantId(): RLSId;
  /** Whether the caller has a role. @throws {RLSContextError} where there is no context */
  hasRole(role: string): boolean;
  /** Whether the caller has a permission. @throws {RLSContextError} where there is no context */
  hasPermission(permission: string): boolean;
  /** Whether it is the system. @throws {RLSContextError} where there is no context */
  isSystem(): boolean;
  /** Runs a function as the system, for which no policy is. */
  asSystem<R>(fn: () => R): R;
  /** Runs an async function as the system. */
  asSystemAsync<R>(fn: () => Promise<R>): Promise<R>;
}

/**
 * Makes an adapter on a storage of your own.
 *
 * @param storage an `AsyncLocalStorage`
 *
 * @example
 * ```ts
 * import { createAsyncContext } from "@kysera/rls/async-context";
 * import assert from "node:assert/strict";
 * import { AsyncLocalStorage } from "node:async_hooks";
 *
 * const context = createAsyncContext(new AsyncLocalStorage());
 * const user = context.run({ auth: { userId: "ada", roles: [] } }, () => context.getUserId());
 * assert.equal(user, "ada");
 * ```
 */
export function createAsyncContext(storage: AsyncStorage): AsyncRLSContext {
  return contextOn(() => storage);
}

function contextOn(storage: () => AsyncStorage): AsyncRLSContext {
  const getContextOrNull = (): RLSContext | null => storage().getStore() ?? null;
  const getContext = (): RLSContext => {
    const context = getContextOrNull();
    if (context !== null) return context;
    throw new RLSContextError(
      "Cannot get the context of row-level security: there is none here; run the code in " +
        "rlsContext.run(context, fn)",
    );
  };
  const run = <R>(context: RLSContext, fn: () => R): R =>
    storage().run(createRLSContext(context), fn);
  const runAsync = async <R>(context: RLSContext, fn: () => Promise<R>): Promise<R> =>
    await run(context, fn);
  const system = (): RLSContext => {
    const context = getContextOrNull();
    return context === null
      ? { auth: { userId: "system", roles: [], isSystem: true } }
      : { ...context, auth: { ...context.auth, isSystem: true } };
  };
  return Object.freeze({
    run,
    runAsync,
    getContext,
    getContextOrNull,
    hasContext: () => getContextOrNull() !== null,
    getAuth: () => getContext().auth,
    getUserId: () => getContext().auth.userId,
    getTenantId: () => {
      const { tenantId } = getContext().auth;
      if (tenantId !== undefined) return tenantId;
      throw new RLSContextValidationError(
        "Cannot get the tenant: the context has none",
        "auth.tenantId",
      );
    },
    hasRole: (role: string) => getContext().auth.roles.includes(role),
    hasPermission: (permission: string) =>
      getContext().auth.permissions?.includes(permission) ?? false,
    isSystem: () => getContext().auth.isSystem === true,
    asSystem: <R>(fn: () => R): R => run(system(), fn),
    asSystemAsync: <R>(fn: () => Promise<R>): Promise<R> => runAsync(system(), fn),
  });
}

let used: AsyncStorage | undefined;

/**
 * Says which storage `rlsContext`, `withRLSContext` and `withRLSContextAsync` use: once, where a
 * program starts.
 *
 * @param storage an `AsyncLocalStorage`
 * @throws {RLSContextError} where another one is in use already
 *
 * @example
 * ```ts
 * import { useAsyncStorage } from "@kysera/rls/async-context";
 * import { AsyncLocalStorage } from "node:async_hooks";
 *
 * useAsyncStorage(new AsyncLocalStorage());
 * ```
 */
export function useAsyncStorage(storage: AsyncStorage): void {
  if (used !== undefined && used !== storage) {
    throw new RLSContextError(
      "Cannot use another storage for the context of row-level security: one is in use; make an " +
        "adapter of its own with createAsyncContext(storage)",
    );
  }
  used = storage;
}

/**
 * The context of the code that is running, in the storage that {@linkcode useAsyncStorage} was given.
 *
 * @example
 * ```ts
 * import { rlsContext, useAsyncStorage } from "@kysera/rls/async-context";
 * import assert from "node:assert/strict";
 * import { AsyncLocalStorage } from "node:async_hooks";
 *
 * useAsyncStorage(new AsyncLocalStorage());
 * rlsContext.run({ auth: { userId: 1, roles: ["editor"] } }, () => {
 *   assert.equal(rlsContext.hasRole("editor"), true);
 *   assert.equal(rlsContext.asSystem(() => rlsContext.isSystem()), true);
 *   assert.equal(rlsContext.isSystem(), false);
 * });
 * ```
 */
export const rlsContext: AsyncRLSContext = contextOn(() => {
  if (used !== undefined) return used;
  throw new RLSContextError(
    "Cannot use rlsContext: it has no storage yet; call useAsyncStorage(new AsyncLocalStorage()) " +
      "where the program starts",
  );
});

/**
 * Runs a function in a context: `rlsContext.run`.
 *
 * @param context the context
 * @param fn the function
 * @returns what the function returns
 *
 * @example
 * ```ts
 * import { rlsContext, useAsyncStorage, withRLSContext } from "@kysera/rls/async-context";
 * import assert from "node:assert/strict";
 * import { AsyncLocalStorage } from "node:async_hooks";
 *
 * useAsyncStorage(new AsyncLocalStorage());
 * const context = { auth: { userId: 1, roles: [] } };
 * assert.equal(withRLSContext(context, () => rlsContext.getUserId()), 1);
 * ```
 */
export function withRLSContext<R>(context: RLSContext, fn: () => R): R {
  return rlsContext.run(context, fn);
}

/**
 * Runs an async function in a context: `rlsContext.runAsync`.
 *
 * @param context the context
 * @param fn the function
 * @returns what the function returns
 *
 * @example
 * ```ts
 * import { rlsContext, useAsyncStorage, withRLSContextAsync } from "@kysera/rls/async-context";
 * import assert from "node:assert/strict";
 * import { AsyncLocalStorage } from "node:async_hooks";
 *
 * useAsyncStorage(new AsyncLocalStorage());
 * const context = { auth: { userId: 1, roles: [] } };
 * assert.equal(await withRLSContextAsync(context, async () => rlsContext.getUserId()), 1);
 * ```
 */
export function withRLSContextAsync<R>(context: RLSContext, fn: () => Promise<R>): Promise<R> {
  return rlsContext.runAsync(context, fn);
}
