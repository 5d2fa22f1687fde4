import { createExecutor, type KyseraExecutor } from "@kysera/executor";
import { type PolicySource, RLSError, rlsPlugin } from "@kysera/rls";
import { syncContextToPostgres } from "@kysera/rls/native";
import { type Kysely, sql } from "kysely";
import { boundToAuth } from "../../program/_open_executor.ts";
import { type FilledTable, isConstraint, type Row } from "./_random_rows.ts";

/** What a statement came to: the keys of rows, whether it was let through, or neither. */
export type Outcome =
  | { readonly kind: "rows"; readonly keys: readonly string[] }
  | { readonly kind: "allowed" | "denied" }
  /** A constraint had its say as well: nothing can be told of the policies. */
  | { readonly kind: "apart" }
  | { readonly kind: "failed"; readonly message: string };

/** A statement that is tried, and rolled back. */
export type Trial =
  | { readonly operation: "read" | "delete"; readonly table: FilledTable }
  | {
    readonly operation: "update";
    readonly table: FilledTable;
    readonly row: Row;
    /** What is set; `undefined` for a column that is set to itself. */
    readonly set: Row | undefined;
  }
  | { readonly operation: "create"; readonly table: FilledTable; readonly row: Row };

/** What enforces the policies. */
export interface Side {
  readonly name: string;
  run(trial: Trial, auth: object | null): Promise<Outcome>;
}

/** The side that rewrites queries. */
export async function rewritingSide(
  db: Kysely<any>,
  { schema, bypassRoles, skipTables }: PolicySource,
): Promise<Side> {
  const executor: KyseraExecutor<any> = await createExecutor(db, [
    rlsPlugin({ schema, bypassRoles, skipTables }),
  ]);
  return {
    name: "the rewriting",
    run: (trial, auth) =>
      outcomeOf(boundToAuth(executor, auth), trial, async (trx) => await attempt(trx, trial)),
  };
}

/** The side that is the database itself. */
export function nativeSide(
  db: Kysely<any>,
  { role, setting }: { readonly role: string | undefined; readonly setting: string },
): Side {
  return {
    name: "PostgreSQL",
    run: (trial, auth) =>
      outcomeOf(db, trial, async (trx) => {
        if (role !== undefined) await sql`set local role ${sql.id(role)}`.execute(trx);
        if (auth !== null) {
          // What is wrong with it shows as an error of the context.
          await syncContextToPostgres(trx, { auth: { roles: [], ...auth } as never }, { setting });
        }
        return await attempt(trx, trial);
      }),
  };
}

async function outcomeOf(
  db: Kysely<any>,
  { operation }: Trial,
  run: (trx: Kysely<any>) => Promise<Outcome>,
): Promise<Outcome> {
  const trx = await db.startTransaction().execute();
  try {
    return await run(trx);
  } catch (error) {
    if (isDenial(error)) {
      // Whoever may not read, and whoever is shown nothing, sees the same.
      return operation === "read" || operation === "delete"
        ? { kind: "rows", keys: [] }
        : { kind: "denied" };
    }
    if (isConstraint(error)) return { kind: "apart" };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  } finally {
    await trx.rollback().execute();
  }
}

function isDenial(error: unknown): boolean {
  return error instanceof RLSError || (error as { readonly code?: unknown }).code === "42501";
}

async function attempt(trx: Kysely<any>, trial: Trial): Promise<Outcome> {
  const { table: { name, key } } = trial;
  switch (trial.operation) {
    case "read":
      return rowsOf(await trx.selectFrom(name).select([...key]).execute());
    case "delete":
      return rowsOf(await trx.deleteFrom(name).returning([...key]).execute());
    case "update": {
      const { row, set, table: { writable } } = trial;
      const same = writable[0] ?? key[0]!;
      let query: any = trx.updateTable(name);
      query = set === undefined
        ? query.set((eb: any) => ({ [same]: eb.ref(same) }))
        : query.set(set);
      for (const column of key) query = query.where(column, "is not distinct from", row[column]);
      const { numUpdatedRows } = await query.executeTakeFirstOrThrow();
      return { kind: numUpdatedRows > 0n ? "allowed" : "denied" };
    }
    case "create":
      await trx.insertInto(name).values(trial.row).execute();
      return { kind: "allowed" };
  }
}

function rowsOf(rows: readonly object[]): Outcome {
  return { kind: "rows", keys: rows.map((row) => JSON.stringify(Object.values(row))).sort() };
}
