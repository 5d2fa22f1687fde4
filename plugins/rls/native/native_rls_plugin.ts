import { isPlainObject } from "@kysera/core";
import { type Plugin, PluginValidationError } from "@kysera/executor";
import { ContextSource } from "../context/_context_source.ts";
import type { RLSContextProvider } from "../contract/options.ts";
import { refuseUnknown } from "../policy/_make_policy.ts";
import { RLSContextError, RLSSchemaError } from "../contract/errors.ts";
import { DEFAULT_SETTING } from "./_setting.ts";
import { readSetting } from "./_settings.ts";
import { contextJson, settingQuery } from "./sync_context.ts";

/** Options of `nativeRLSPlugin`. An option that is not one of these is an error. */
export interface NativeRLSOptions {
  /** Says who is asking, where no context is bound by `bindContext`. */
  readonly contextProvider?: RLSContextProvider | undefined;
  /**
   * Whether a query without a context is an error. If not, it runs without one, and the policies let
   * it see nothing that depends on the caller. Default `true`.
   */
  readonly requireContext?: boolean | undefined;
  /** The setting that holds the context, as of `toPostgres`. Default `"rls.context"`. */
  readonly setting?: string | undefined;
}

/**
 * Tells PostgreSQL who is asking, for every query of an executor, and leaves the policies to the
 * database: for tables whose policies `toPostgres` has made. Nothing is rewritten, so raw SQL is subject to
 * the policies too; the database's user must be no superuser, and have no `BYPASSRLS`.
 *
 * The context is told on the query's own connection, and only until the query is done. A query outside
 * of a transaction becomes a transaction of its own, of three more round trips; one inside of a
 * transaction costs two more. A SELECT cannot be streamed: it would be read after it was forgotten who
 * asked for it.
 *
 * @param options see {@linkcode NativeRLSOptions}
 * @returns the plugin, for `createExecutor`
 * @throws {RLSSchemaError} where an option is unknown or has a value it cannot have
 *
 * @example
 * ```ts
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { nativeRLSPlugin } from "@kysera/rls/native";
 * import type { Kysely } from "kysely";
 *
 * interface Database {
 *   posts: { id: number; title: string };
 * }
 *
 * export async function titles(db: Kysely<Database>, tenantId: number): Promise<string[]> {
 *   const executor = await createExecutor(db, [nativeRLSPlugin()]);
 *   const caller = bindContext(executor, { auth: { userId: 7, roles: [], tenantId } });
 *   const posts = await caller.selectFrom("posts").select("title").execute();
 *   return posts.map(({ title }) => title);
 * }
 * ```
 */
export function nativeRLSPlugin(options: NativeRLSOptions = {}): Plugin {
  if (!isPlainObject(options)) throw new RLSSchemaError("options", "they are not an object");
  refuseUnknown(options, ["contextProvider", "requireContext", "setting"], "options");
  const { contextProvider, requireContext = true, setting = DEFAULT_SETTING } =
    options as NativeRLSOptions;
  if (contextProvider !== undefined && typeof contextProvider !== "function") {
    throw new RLSSchemaError("options.contextProvider", "it must be a function");
  }
  if (typeof requireContext !== "boolean") {
    throw new RLSSchemaError("options.requireContext", "it must be a boolean");
  }
  readSetting(setting);
  const source = new ContextSource(contextProvider, false);
  const told = (attributes: Parameters<ContextSource["of"]>[0], run: object): string => {
    const context = source.of(attributes, "any", run);
    if (context !== undefined) return contextJson(context);
    if (!requireContext) return "";
    throw new RLSContextError(
      `Cannot run a query: no security context is bound; use ` +
        `bindContext(executor, { auth: { userId, roles } }), or give nativeRLSPlugin() a ` +
        `"contextProvider"`,
    );
  };
  return {
    name: "@kysera/rls",
    version: "0.9.0",
    priority: 1000,
    describe: () => [`tells the database who is asking, by the setting "${setting}"`],
    setup({ dialect }) {
      if (dialect === "postgres") return {};
      throw new PluginValidationError(
        `Cannot make plugin "@kysera/rls": nativeRLSPlugin() leaves policies to PostgreSQL, and this ` +
          `database is of dialect "${dialect}"; use rlsPlugin()`,
        "INVALID_PLUGIN",
        { pluginName: "@kysera/rls" },
      );
    },
    callerMayChange: (attributes) => source.callerMayChange(attributes),
    callerOf: (attributes, run) => source.callerOf(attributes, run),
    aroundStream() {
      throw new RLSContextError(
        "Cannot stream a SELECT: PostgreSQL is told who is asking for no longer than a query runs; use " +
          "execute(), or call syncContextToPostgres() with a transaction of the database",
      );
    },
    aroundQuery(query, next, scope) {
      const context = told(scope.context, scope.run);
      if (context === "" && !scope.inTransaction) return next(query);
      const { inTransaction, connection } = scope;
      return scope.atomically(async () => {
        await connection.executeQuery(settingQuery(context, setting));
        const result = await next(query);
        // The end of a transaction forgets it; another caller's query may come before that.
        if (inTransaction) await connection.executeQuery(settingQuery("", setting));
        return result;
      });
    },
  };
}
