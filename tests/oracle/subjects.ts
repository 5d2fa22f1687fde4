import { createExecutor, type Plugin, QueryRefusedError } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import { reentrant } from "../support/reentrant.ts";
import type { Statement } from "./ast.ts";
import { filteredNames, tables } from "./schema.ts";
import type { Subject } from "./world.ts";

const others = tables.filter((table) => !table.filtered).map((table) => table.name);
const camelNames = filteredNames.map((name) => name === "blog_posts" ? "blogPosts" : name);

/** A subject whose executor may refuse a query by name. */
export function subject(
  name: string,
  make: Subject["make"],
  more: Partial<Subject> = {},
): Subject {
  return { name, make, isRefusal: (error) => error instanceof QueryRefusedError, ...more };
}

/** Rewrites every block, and changes nothing. */
const noop: Plugin = {
  name: "noop",
  version: "1.0.0",
  appliesTo: ({ name }) => tables.some((table) => [table.name, "blogPosts"].includes(name)),
  filter: () => undefined,
  interceptQuery: (qb) => qb,
};

/** The same rows hidden by conditions that are awkward to put anywhere. */
function awkward(name: string, filter: NonNullable<Plugin["filter"]>): Plugin {
  return {
    name,
    version: "1.0.0",
    appliesTo: (table) => filteredNames.includes(table.name),
    filter,
  };
}

const rawOr = awkward("raw-or", (ref) => {
  const column = ref.column("deleted_at");
  return sql<boolean>`1 = 0 or ${column} is null`;
});

/** Its subquery has the aliases that the queries use themselves. */
const subquery = awkward("subquery", (ref, { eb }) =>
  eb.exists(
    eb.selectFrom(sql<{ n: number }>`(select 1 as n)`.as("t_inner"))
      .select("t_inner.n")
      .where(ref.column("deleted_at"), "is", null),
  ));

/** Whether the statement has a DELETE that no UPDATE of the dialect can stand for. */
function isNoUpdate(statement: Statement, dialect: string): boolean {
  if (statement.k === "merge") return statement.whens.some((when) => when.then.how === "delete");
  return statement.k === "delete" && dialect === "mysql" &&
    (statement.using.length > 0 || statement.returning.length > 0);
}

const softDelete = () => softDeletePlugin({ tables: filteredNames });

const names = tables.map((table) => table.name);

/**
 * A plugin of the oracle's tables whose hooks compile queries, and which changes nothing.
 *
 * @param filtered tables whose filter has a value in it, as another plugin filters them as well
 */
export function compiling(stable: boolean, filtered: readonly string[] = []): Plugin {
  return reentrant({ tables: names, filtered, queries: 1, stable });
}

/**
 * Whether the statement repeats an expression that has to be the same: to PostgreSQL one that holds a
 * parameter is another one.
 */
export function repeats(statement: Statement): boolean {
  return /"(distinctOn|group)":\[\{/.test(JSON.stringify(statement));
}

/** What a subject whose filters hold parameters may refuse. */
export const withParameters: Partial<Subject> = {
  isRefusal: (error) =>
    error instanceof QueryRefusedError ||
    // invalid_column_reference, grouping_error
    ["42P10", "42803"].includes((error as { code: string }).code),
  mayRefuse: repeats,
};

/** Soft delete, as most have it. */
export const plain: Subject = subject("soft delete", (db) => createExecutor(db, [softDelete()]));

/** Soft delete beside hooks that compile queries, and whose results are kept. */
export const besideCompiling: Subject = subject(
  "soft delete beside stable hooks that compile queries",
  (db) => createExecutor(db, [softDelete(), compiling(true)]),
);

/** The same rows hidden in other ways, and the same executor among other plugins. */
export const variants: readonly Subject[] = [
  subject(
    "soft delete that finds its tables",
    (db) => createExecutor(db, [softDeletePlugin({ excludeTables: others })]),
  ),
  subject(
    "soft delete that makes deletes updates",
    (db) => createExecutor(db, [softDeletePlugin({ tables: filteredNames, onDelete: "soft" })]),
    { softDeletes: true, mayRefuse: isNoUpdate },
  ),
  subject("a plugin that changes nothing", (db) => createExecutor(db, [softDelete(), noop])),
  subject("a plugin that changes nothing, first", (db) => createExecutor(db, [noop, softDelete()])),
  subject(
    "a plugin whose hooks compile queries",
    (db) => createExecutor(db, [compiling(false), softDelete()]),
  ),
  besideCompiling,
  subject(
    "a stable filter whose values compile queries",
    (db) => createExecutor(db, [softDelete(), compiling(true, filteredNames)]),
    withParameters,
  ),
  subject("a raw OR as filter", (db) => createExecutor(db, [rawOr])),
  subject("a subquery as filter", (db) => createExecutor(db, [subquery])),
  subject("several filters", (db) => createExecutor(db, [subquery, softDelete(), rawOr])),
  subject(
    "an executor of an executor",
    async (db) => await createExecutor(await createExecutor(db, [softDelete()]), [noop]),
  ),
  subject(
    "camel case below the executor",
    (db) =>
      createExecutor(db.withPlugin(new CamelCasePlugin()), [
        softDeletePlugin({ tables: camelNames, deletedAtColumn: "deletedAt" }),
      ]),
    { camelCase: new CamelCasePlugin() },
  ),
  subject(
    "camel case above the executor",
    async (db): Promise<Kysely<any>> =>
      (await createExecutor(db, [softDelete()])).withPlugin(new CamelCasePlugin()),
    { camelCase: new CamelCasePlugin() },
  ),
];
