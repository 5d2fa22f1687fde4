import { BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import { tablesIn, withoutDatabase } from "../../read/mysql/_text.ts";
import type { SchemaSnapshot } from "../../snapshot/schema_snapshot.ts";
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
    const routines = (kind: string) => schema.routines.filter((routine) => routine.kind === kind);
    const all: Created[] = [
      ...await created("sequence", schema.sequences),
      ...await created("function", routines("function")),
      ...await created("procedure", routines("procedure")),
      ...(await created("table", schema.tables)).map((table) => ({
        ...table,
        // The default of a column may name a sequence with its database.
        sql: withoutDatabase(table.sql, schema.defaultSchema),
      })),
      ...await created("view", viewsInOrder(schema)),
      ...await created("trigger", schema.tables.flatMap(({ triggers }) => inTurn(triggers))),
      ...await created("event", routines("event")),
    ];
    if (all.length === 0) return [];
    return [
      "set @kysera_foreign_key_checks = @@foreign_key_checks, @kysera_sql_mode = @@sql_mode",
      "set foreign_key_checks = 0",
      ...all.flatMap(({ sql: text, mode }) =>
        mode === undefined ? [text] : [`set sql_mode = '${mode.replaceAll("'", "''")}'`, text]
      ),
      "set foreign_key_checks = @kysera_foreign_key_checks, sql_mode = @kysera_sql_mode",
    ];
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
