import { CompiledQuery, type Kysely } from "kysely";
import type { RLSContext } from "../contract/context.ts";
import { createRLSContext } from "../context/create_rls_context.ts";
import { RLSContextError, RLSContextValidationError } from "../contract/errors.ts";
import { DEFAULT_SETTING } from "./_setting.ts";
import { readSetting } from "./_settings.ts";

/** Options of `syncContextToPostgres` and `clearPostgresContext`. */
export interface SyncContextOptions {
  /** The setting that holds the context, as of `toPostgres`. Default `"rls.context"`. */
  readonly setting?: string | undefined;
}

/**
 * Tells PostgreSQL who is asking, until the end of the transaction: what the policies of
 * `toPostgres` go by.
 *
 * @param transaction the transaction; outside of one the setting would be gone at once
 * @param context who is asking
 * @param options see {@linkcode SyncContextOptions}
 * @throws {RLSContextError} where no transaction is open
 * @throws {RLSContextValidationError} where the context lacks something, or holds what JSON cannot hold
 *
 * @example
 * ```ts
 * import { syncContextToPostgres } from "@kysera/rls/native";
 * import type { Kysely } from "kysely";
 *
 * export async function titles(db: Kysely<{ posts: { title: string } }>, tenantId: number): Promise<unknown> {
 *   return await db.transaction().execute(async (trx) => {
 *     await syncContextToPostgres(trx, { auth: { userId: 7, roles: ["editor"], tenantId } });
 *     return await trx.selectFrom("posts").select("title").execute();
 *   });
 * }
 * ```
 */
export async function syncContextToPostgres(
  transaction: Kysely<any>,
  context: RLSContext,
  options: SyncContextOptions = {},
): Promise<void> {
  if (!transaction.isTransaction) {
    throw new RLSContextError(
      "Cannot tell PostgreSQL who is asking: no transaction is open, and the setting would be gone at " +
        "once; call syncContextToPostgres() with a transaction",
    );
  }
  await transaction.executeQuery(settingQuery(contextJson(context), options.setting));
}

/**
 * Takes back what `syncContextToPostgres` told: from here on the policies know of no caller.
 *
 * @param db the transaction, or a connection
 * @param options see {@linkcode SyncContextOptions}
 *
 * @example
 * ```ts
 * import { clearPostgresContext, syncContextToPostgres } from "@kysera/rls/native";
 * import type { Transaction } from "kysely";
 *
 * export async function asUser(
 *   trx: Transaction<any>,
 *   userId: number,
 *   body: () => Promise<void>,
 * ): Promise<void> {
 *   await syncContextToPostgres(trx, { auth: { userId, roles: [] } });
 *   await body();
 *   await clearPostgresContext(trx);
 * }
 * ```
 */
export async function clearPostgresContext(
  db: Kysely<any>,
  options: SyncContextOptions = {},
): Promise<void> {
  // Of a session that was told for longer than a transaction nothing must be left either.
  await db.executeQuery(settingQuery("", options.setting, db.isTransaction));
}

/** Returns a query that gives the setting a value. */
export function settingQuery(
  value: string,
  setting: string | undefined,
  local = true,
): CompiledQuery {
  const name = readSetting(setting ?? DEFAULT_SETTING);
  return CompiledQuery.raw("select set_config($1, $2, $3)", [name, value, local]);
}

/** Returns the context as the functions of the policies read it. */
export function contextJson(context: RLSContext): string {
  const json = JSON.stringify(createRLSContext(context), (key, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new RLSContextValidationError(`Cannot write a context: "${key}" is ${value}`, key);
    }
    return value;
  });
  if (json.includes("\\u0000")) {
    throw new RLSContextValidationError(
      "Cannot write a context: PostgreSQL has no text with a NUL in it",
      "context",
    );
  }
  return json;
}
