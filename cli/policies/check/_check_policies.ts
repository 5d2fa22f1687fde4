import { getRawDb, parseTableName } from "@kysera/executor";
import {
  dumpSchema,
  loadSchema,
  readSchema,
  type SchemaSnapshot,
  type Scratch,
} from "@kysera/migrations/schema";
import { explainAccess, type PolicySource, type RLSSchema } from "@kysera/rls";
import { type NativeOptions, toPostgres } from "@kysera/rls/native";
import { CompiledQuery, type Kysely, sql } from "kysely";
import { boundToAuth, type Principal } from "../../program/_open_executor.ts";
import { OPERATIONS } from "../_read_matrix.ts";
import { compareOutcomes, type Comparison, runTrials, trialsOf } from "./_compare_sides.ts";
import { randomOf } from "./_random.ts";
import { fillWithRandomRows, nameOf } from "./_random_rows.ts";
import { withRole } from "./_role.ts";
import { nativeSide, rewritingSide } from "./_side.ts";

/** What is compared, and where. */
export interface CheckRequest {
  readonly executor: Kysely<any>;
  readonly source: PolicySource;
  readonly scratch: Scratch;
  readonly principals: readonly Principal[];
  /** Only these tables; all that have policies if it is empty. */
  readonly tables: readonly string[];
  /** How many rows each table gets. */
  readonly rows: number;
  readonly seed: number;
  /** Whether the policies of the database itself are compared, and not those that would be written. */
  readonly isDeployed: boolean;
  /** The role that deployed policies are for. */
  readonly role: string | undefined;
  readonly native: NativeOptions;
  readonly setting: string;
  readonly onStep: (text: string) => void;
  /** Aborted where it is to end early; the scratch database is removed then as well. */
  readonly signal: AbortSignal;
}

/** What was compared. */
export interface CheckReport extends Comparison {
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** Tables with policies in the code whose row-level security is off in the database. */
  readonly unprotected: readonly string[];
}

/**
 * Copies the schema of a database into a scratch one, fills it with random rows, and lets each
 * principal read and write them: once by rewriting, and once by the policies of PostgreSQL.
 */
export async function checkPolicies(request: CheckRequest): Promise<CheckReport> {
  const { executor, source: given, principals, native, onStep, isDeployed } = request;
  const raw: Kysely<any> = getRawDb<any>(executor).withoutPlugins();
  const others = schemasOf(given.schema);
  const script = await dumpSchema(raw, await withSchemas(raw, others));
  // Masks cannot be granted, and are not a matter of rows.
  const source = { ...given, schema: withoutColumns(given.schema) };
  return await request.scratch(async (db) => {
    onStep("Copying the schema, and filling it");
    await loadSchema(db, script);
    const snapshot = await readSchema(db, await withSchemas(db, others));
    const policed = snapshot.tables.filter(({ policies, rowSecurity }) =>
      isDeployed && policies.length > 0 && rowSecurity.enabled
    ).map(nameOf);
    await makePlain(db, snapshot, isDeployed);
    const filled = await fillWithRandomRows(db, {
      snapshot,
      random: randomOf(request.seed),
      count: request.rows,
      named: (table) => namedValues(executor, principals, table),
    });
    await dropForeignKeys(db, snapshot);
    const checked = new Set([...Object.keys(source.schema), ...policed]);
    const tables = filled.filter(({ name }) =>
      checked.has(name) && !source.skipTables.includes(name) &&
      (request.tables.length === 0 || request.tables.includes(name))
    );
    const trials = tables.flatMap((table) => trialsOf(table, request.rows));
    const rewriting = await runTrials(await rewritingSide(db, source), principals, trials, request);
    const current = await currentSchema(db);
    await (isDeployed
      ? enforce(db, policed)
      : create(db, source, { ...native, schemaName: current }));
    const role = { schemas: [current, ...others], memberOf: request.role };
    const theirs = await withRole(db, role, (name) =>
      runTrials(
        nativeSide(db, { role: name, setting: request.setting }),
        principals,
        trials,
        request,
      ));
    return {
      ...compareOutcomes(principals, trials, rewriting, theirs),
      tables: tables.map(({ name, rows }) => ({ table: name, rows: rows.length })),
      unprotected: isDeployed
        ? tables.map(({ name }) => name).filter((name) => !policed.includes(name))
        : [],
    };
  });
}

/** The schemas that policies name, apart from the default one. */
function schemasOf(schema: RLSSchema<any>): string[] {
  const names = Object.keys(schema).map((table) => parseTableName(table).schema);
  return [...new Set(names.filter((name) => name !== undefined))];
}

async function withSchemas(
  db: Kysely<any>,
  others: readonly string[],
): Promise<{ schemas?: readonly string[] }> {
  return others.length === 0 ? {} : { schemas: [...new Set([await currentSchema(db), ...others])] };
}

async function currentSchema(db: Kysely<any>): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
  return rows[0]!.name;
}

function withoutColumns(schema: RLSSchema<any>): RLSSchema<any> {
  return Object.fromEntries(
    Object.entries(schema).map(([table, { columns: _, ...rest }]: [string, any]) => [table, rest]),
  );
}

/** Turns off what would have its say as well: triggers, and policies. */
async function makePlain(
  db: Kysely<any>,
  { tables }: SchemaSnapshot,
  areKept: boolean,
): Promise<void> {
  for (const { policies, ...table } of tables) {
    const id = sql.table(nameOf(table));
    await sql`alter table ${id} disable trigger user`.execute(db);
    await sql`alter table ${id} disable row level security`.execute(db);
    if (areKept) continue;
    for (const { name } of policies) await sql`drop policy ${sql.id(name)} on ${id}`.execute(db);
  }
}

/** What a foreign key says of a delete is not what the policies say. */
async function dropForeignKeys(db: Kysely<any>, { tables }: SchemaSnapshot): Promise<void> {
  for (const { foreignKeys, ...table } of tables) {
    for (const { name, inherited } of foreignKeys) {
      if (inherited) continue;
      await sql`alter table ${sql.table(nameOf(table))} drop constraint if exists ${sql.id(name!)}`
        .execute(db);
    }
  }
}

async function create(
  db: Kysely<any>,
  { schema }: PolicySource,
  options: NativeOptions,
): Promise<void> {
  for (const statement of toPostgres(schema, options)) {
    await db.executeQuery(CompiledQuery.raw(statement));
  }
}

async function enforce(db: Kysely<any>, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    await sql`alter table ${sql.table(table)} enable row level security`.execute(db);
    await sql`alter table ${sql.table(table)} force row level security`.execute(db);
  }
}

/** The values that the policies of a table ask for, and those that are known of the principals. */
function namedValues(
  executor: Kysely<any>,
  principals: readonly Principal[],
  table: string,
): unknown[] {
  const asked = principals.flatMap(({ auth }) =>
    OPERATIONS.flatMap((operation) => {
      const { rows, newRows } = explainAccess(boundToAuth(executor, auth), operation, table);
      return [...rows?.parameters ?? [], ...newRows?.parameters ?? []];
    })
  );
  return [...new Set([...asked, ...principals.flatMap(({ auth }) => scalarsOf(auth))])];
}

function scalarsOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || value instanceof Date) {
    return value === null || value === undefined ? [] : [value];
  }
  return Object.values(value).flatMap(scalarsOf);
}
