import { BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import { tablesIn, withoutDatabase } from "../../read/mysql/_text.ts";
import type { SchemaSnapshot } from "../../snapshot/schema_snapshot.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import type { SchemaDumper } from "../_dumper.ts";
import { sortByNeeds } from "../_sort.ts";
import { type Created, type CreatedKind, showCreate } from "./_show_create.ts";

/** Signs that can end a statement in which a semicolon ends nothing. */
const DELIMITERS = ["//", "$$", ";;", "@@", "||", "%%"];

/** Writes the schema of MariaDB and MySQL with `show create`. */
export const mysqlDumper: SchemaDumper = {
  async dump(db: Kysely<any>, schema: SchemaSnapshot): Promise<readonly string[]> {
    if (schema.schemas.some((name) => name !== null)) {
      throw new BadRequestError(
        "Cannot dump schema: MySQL and MariaDB are dumped one database at a time",
      );
    }
    const { rows: [session] } = await sql<{ current: string | null }>`
      select database() as current`.execute(db);
    if (session?.current !== schema.defaultSchema) {
      throw new BadRequestError(
        `Cannot dump schema: connect to the database "${schema.defaultSchema}" first`,
      );
    }
    const created = (kind: CreatedKind, objects: readonly { readonly name: string }[]) =>
      eachOf(objects, ({ name }) => showCreate(db, kind, name));
    const tables = tablesInOrder(schema);
    const routines = (kind: string) => schema.routines.filter((routine) => routine.kind === kind);
    const all: Created[] = [
      ...await created("sequence", schema.sequences),
      ...await created("function", routines("function")),
      ...await created("procedure", routines("procedure")),
      ...(await created("table", tables)).map((table) => ({
        ...table,
        // The default of a column may name a sequence with its database.
        sql: withoutDatabase(table.sql, schema.defaultSchema),
      })),
      ...await created("view", viewsInOrder(schema)),
      ...await created("trigger", schema.tables.flatMap(({ triggers }) => inTurn(triggers))),
      ...await created("event", routines("event")),
    ];
    if (all.length === 0) return [];
    return restoring(
      "foreign_key_checks",
      ["set foreign_key_checks = 0"],
      restoring(
        "sql_mode",
        [],
        all.flatMap(({ sql: text, mode }) =>
          mode === undefined ? [text] : [`set sql_mode = '${mode.replaceAll("'", "''")}'`, text]
        ),
        all.some(({ mode }) => mode !== undefined),
      ),
      haveCircle(tables),
    );
  },
  ended(statement) {
    const text = statement.trimEnd();
    if (!text.includes(";")) return `${text};`;
    const delimiter = DELIMITERS.find((delimiter) => !text.includes(delimiter));
    if (delimiter === undefined) {
      throw new BadRequestError(
        `Cannot dump schema: a statement has each of ${DELIMITERS.join(" ")} in it`,
      );
    }
    return `delimiter ${delimiter}\n${text}\n${delimiter}\ndelimiter ;`;
  },
  async load(db, run) {
    const { rows: [session] } = await sql<{ checks: number | bigint; mode: string }>`
      select @@foreign_key_checks as checks, @@sql_mode as mode`.execute(db);
    try {
      await run(db);
    } finally {
      await sql`set foreign_key_checks = ${sql.lit(Number(session!.checks))},
        sql_mode = ${session!.mode}`.execute(db);
    }
  },
};

async function eachOf<T>(
  objects: readonly T[],
  read: (object: T) => Promise<Created>,
): Promise<Created[]> {
  const result: Created[] = [];
  for (const object of objects) result.push(await read(object));
  return result;
}

/** Puts statements between those that keep a variable of the session and set it back, if it is set. */
function restoring(
  variable: "foreign_key_checks" | "sql_mode",
  before: readonly string[],
  statements: readonly string[],
  isSet: boolean,
): string[] {
  if (!isSet) return [...statements];
  const kept = `@kysera_${variable}`;
  return [
    `set ${kept} = @@${variable}`,
    ...before,
    ...statements,
    `set ${variable} = ${kept}`,
  ];
}

/** Returns tables so that each stands behind those that it refers to, as far as that is possible. */
function tablesInOrder(schema: SchemaSnapshot): SchemaTable[] {
  const needs = new Map(
    schema.tables.map(({ name, foreignKeys }) => [
      name,
      new Set(foreignKeys.map(({ referencedTable }) => referencedTable)),
    ]),
  );
  const byName = new Map(schema.tables.map((table) => [table.name, table]));
  return sortByNeeds(schema.tables.map(({ name }) => ({ key: name, statements: [] })), needs)
    .map(({ key }) => byName.get(key)!);
}

/** Whether a table refers to one that stands behind it, or that is not there. */
function haveCircle(tables: readonly SchemaTable[]): boolean {
  const seen = new Set<string>();
  return tables.some(({ name, foreignKeys }) => {
    seen.add(name);
    return foreignKeys.some(({ referencedTable, referencedSchema }) =>
      referencedSchema === null && !seen.has(referencedTable)
    );
  });
}

/** Returns views so that each stands behind those that it reads. */
function viewsInOrder(schema: SchemaSnapshot): { readonly name: string }[] {
  const needs = new Map(
    schema.views.map(({ name, definition }) => [name, new Set(tablesIn(definition))]),
  );
  return sortByNeeds(schema.views.map(({ name }) => ({ key: name, statements: [] })), needs)
    .map(({ key }) => ({ name: key }));
}

/** Returns triggers so that each stands behind the one that it follows. */
function inTurn<T extends { readonly name: string; readonly definition: string }>(
  triggers: readonly T[],
): { readonly name: string }[] {
  const needs = new Map(
    triggers.map(({ name, definition }) => [
      name,
      new Set(
        triggers.filter((other) =>
          definition.includes(` for each row follows \`${other.name.replaceAll("`", "``")}\` `)
        ).map((other) => other.name),
      ),
    ]),
  );
  return sortByNeeds(triggers.map(({ name }) => ({ key: name, statements: [] })), needs)
    .map(({ key }) => ({ name: key }));
}
