/**
 * Random schemas: what is drawn is also the model that a snapshot is compared with.
 *
 * @module
 */
import fc from "fast-check";
import { type Kysely, type RawBuilder, sql } from "kysely";

export type SqlDialect = "postgres" | "mysql" | "sqlite";

export interface DrawnColumn {
  readonly name: string;
  readonly type: number;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly isUnique: boolean;
  readonly check: boolean;
  readonly comment: string | undefined;
}

export interface DrawnTable {
  readonly name: string;
  readonly columns: readonly DrawnColumn[];
  /** How many of the columns, from the first on, are the primary key. */
  readonly key: number;
  readonly isAutomatic: boolean;
  /** Where in the list the tables are that it refers to; it counts from the end of those before it. */
  readonly references: readonly { readonly table: number; readonly action: number }[];
  readonly indexes: readonly {
    readonly columns: readonly number[];
    readonly descending: boolean;
    readonly unique: boolean;
    readonly partial: boolean;
  }[];
  readonly generated: boolean;
  readonly comment: string | undefined;
}

export interface DrawnSchema {
  readonly tables: readonly DrawnTable[];
  readonly views: readonly { readonly name: string; readonly of: number; readonly join: boolean }[];
  readonly triggers: readonly { readonly table: number; readonly event: number }[];
}

/** Names that are easy to get wrong; each is told apart from the others without regard to case. */
const NAMES = [
  "users",
  "Posts",
  "order",
  "two words",
  'a"b',
  "a`b",
  "it's",
  "semi;colon",
  "dash--",
  "dot.ted",
  "$$dollar$$",
  "ünï",
  "select",
  "brack[et]",
  "hash#",
  "back\\slash",
  "star/*",
  "percent%",
];
const TEXTS = ["plain", "it's", 'a "b"', "a;b", "line\nbreak", "back\\slash", "--", "/*", "$$", ""];

const names = (maximum: number) =>
  fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: maximum });
const comment = fc.option(fc.constantFrom(...TEXTS.filter((text) => text !== "")), {
  nil: undefined,
  freq: 3,
});

const column = fc.record({
  type: fc.nat({ max: 4 }),
  notNull: fc.boolean(),
  hasDefault: fc.boolean(),
  isUnique: fc.constantFrom(true, false, false),
  check: fc.constantFrom(true, false, false),
  comment,
});

const table: fc.Arbitrary<Omit<DrawnTable, "name">> = names(6).chain((columnNames) =>
  fc.record({
    columns: fc.tuple(
      ...columnNames.map((name) => column.map((rest) => ({ name, ...rest }))),
    ),
    key: fc.nat({ max: 2 }),
    isAutomatic: fc.boolean(),
    references: fc.array(fc.record({ table: fc.nat(5), action: fc.nat(2) }), { maxLength: 2 }),
    indexes: fc.array(
      fc.record({
        columns: fc.uniqueArray(fc.nat(columnNames.length - 1), { minLength: 1, maxLength: 3 }),
        descending: fc.boolean(),
        unique: fc.boolean(),
        partial: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
    generated: fc.boolean(),
    comment,
  })
);

/** Draws schemas that every dialect can have. */
export const drawnSchema: fc.Arbitrary<DrawnSchema> = names(5).chain((tableNames) =>
  fc.record({
    tables: fc.tuple(...tableNames.map((name) => table.map((rest) => ({ name, ...rest })))),
    views: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...NAMES.map((name) => `v ${name}`)),
        of: fc.nat(20),
        join: fc.boolean(),
      }),
      { maxLength: 4, selector: ({ name }) => name },
    ),
    triggers: fc.array(fc.record({ table: fc.nat(5), event: fc.nat(2) }), { maxLength: 2 }),
  })
);

/** The types by dialect, all of which a key can have. */
export const TYPES: Readonly<Record<SqlDialect, readonly string[]>> = {
  postgres: [
    "integer",
    "character varying(20)",
    "numeric(8,2)",
    "timestamp with time zone",
    "text",
  ],
  mysql: ["int(11)", "varchar(20)", "decimal(8,2)", "datetime", "varchar(191)"],
  sqlite: ["INTEGER", "varchar(20)", "decimal(8,2)", "datetime", "TEXT"],
};

/** Which type is made of what. */
const KINDS = ["number", "text", "number", "time", "text"] as const;
const ACTIONS = ["cascade", "set null", "restrict"] as const;
const EVENTS = ["insert", "update", "delete"] as const;

/** The columns that are the primary key. */
export function keyOf(table: DrawnTable): readonly DrawnColumn[] {
  return table.columns.slice(0, table.key);
}

/** Whether the database numbers the rows of a table. */
export function isNumbered(table: DrawnTable): boolean {
  return table.isAutomatic && keyOf(table).length === 1 && table.columns[0]?.type === 0;
}

/** Whether a column has a default: the database gives a number to one that it counts. */
export function hasDefault(table: DrawnTable, column: DrawnColumn): boolean {
  return column.hasDefault && !(isNumbered(table) && column === table.columns[0]);
}

/** The tables that a table refers to, each at most once: those before it with a key of one column. */
export function referencesOf(
  { tables }: DrawnSchema,
  index: number,
): { readonly table: DrawnTable; readonly action: typeof ACTIONS[number] }[] {
  const before = tables.slice(0, index).filter((table) => keyOf(table).length === 1);
  const found = new Map<DrawnTable, typeof ACTIONS[number]>();
  for (const { table, action } of tables[index]!.references) {
    const other = before[before.length - 1 - table];
    if (other !== undefined && !found.has(other)) found.set(other, ACTIONS[action]!);
  }
  return [...found].map(([table, action]) => ({ table, action }));
}

/** The indexes of a table that a dialect can have. */
export function indexesOf(
  table: DrawnTable,
): readonly (DrawnTable["indexes"][number] & { readonly name: string })[] {
  return table.indexes.map((index, i) => ({ ...index, name: `i${i} ${table.name}` }));
}

/** Builds a schema. */
export async function buildSchema(
  db: Kysely<any>,
  dialect: SqlDialect,
  schema: DrawnSchema,
): Promise<void> {
  for (const index of schema.tables.keys()) await buildTable(db, dialect, schema, index);
  for (const [i, view] of schema.views.entries()) {
    const relations = [
      ...schema.tables.map((table) => ({ name: table.name, column: table.columns[0]!.name })),
      ...schema.views.slice(0, i).map(({ name }) => ({ name, column: "one" })),
    ];
    const of = relations[view.of % relations.length]!;
    const other = relations[(view.of * 7 + 1) % relations.length]!;
    const join = view.join ? sql` left join ${sql.id(other.name)} as b on 1 = 1` : sql``;
    await sql`create view ${sql.id(view.name)} as select a.${
      sql.id(of.column)
    } as one, 'it''s;' as two from ${sql.id(of.name)} as a${join} where 1 < 2`.execute(db);
  }
  const isPostgres = dialect === "postgres";
  if (isPostgres && schema.triggers.length > 0) {
    await sql`create function "tell;" () returns trigger language plpgsql
      as 'begin return new; end;'`.execute(db);
  }
  for (const [i, trigger] of schema.triggers.entries()) {
    const table = sql.id(schema.tables[trigger.table % schema.tables.length]!.name);
    const event = sql.raw(EVENTS[trigger.event]!);
    const body = isPostgres
      ? sql`for each row execute function "tell;"()`
      : dialect === "mysql"
      ? sql`for each row begin set @a = ';'; set @b = 2; end`
      : sql`begin select ';'; select 2; end`;
    await sql`create trigger ${sql.id(`t${i}`)} after ${event} on ${table} ${body}`.execute(db);
  }
}

async function buildTable(
  db: Kysely<any>,
  dialect: SqlDialect,
  schema: DrawnSchema,
  index: number,
): Promise<void> {
  const table = schema.tables[index]!;
  const key = keyOf(table);
  const parts: RawBuilder<unknown>[] = table.columns.map((column) =>
    columnSql(dialect, table, column)
  );
  for (const { table: other } of referencesOf(schema, index)) {
    const type = sql.raw(TYPES[dialect][other.columns[0]!.type]!);
    parts.push(sql`${sql.id(`ref ${other.name}`)} ${type}`);
  }
  if (table.generated) {
    parts.push(sql`${sql.id("made")} varchar(40) generated always as ('x;''') stored`);
  }
  if (key.length > 0 && !(isNumbered(table) && dialect === "sqlite")) {
    parts.push(sql`primary key (${sql.join(key.map(({ name }) => sql.id(name)))})`);
  }
  for (const { table: other, action } of referencesOf(schema, index)) {
    parts.push(
      sql`constraint ${sql.id(`f ${table.name} ${other.name}`)} foreign key (${
        sql.id(`ref ${other.name}`)
      }) references ${sql.id(other.name)} (${sql.id(other.columns[0]!.name)}) on delete ${
        sql.raw(action)
      }`,
    );
  }
  const comment = dialect === "mysql" && table.comment !== undefined
    ? sql` comment = ${sql.lit(table.comment)}`
    : sql``;
  await sql`create table ${sql.id(table.name)} (${sql.join(parts)})${comment}`.execute(db);
  if (dialect === "postgres") await postgresComments(db, table);
  for (const each of indexesOf(table)) {
    const columns = each.columns.map((i) =>
      sql`${sql.id(table.columns[i]!.name)}${each.descending ? sql` desc` : sql``}`
    );
    const where = each.partial && dialect !== "mysql"
      ? sql` where ${sql.id(table.columns[each.columns[0]!]!.name)} is not null`
      : sql``;
    await sql`create ${each.unique ? sql`unique ` : sql``}index ${sql.id(each.name)} on ${
      sql.id(table.name)
    } (${sql.join(columns)})${where}`.execute(db);
  }
}

function columnSql(
  dialect: SqlDialect,
  table: DrawnTable,
  column: DrawnColumn,
): RawBuilder<unknown> {
  const kind = KINDS[column.type]!;
  const name = sql.id(column.name);
  const parts = [name, sql.raw(TYPES[dialect][column.type]!)];
  const numbered = isNumbered(table) && column === table.columns[0];
  if (numbered && dialect === "postgres") parts.push(sql`generated by default as identity`);
  if (column.notNull) parts.push(sql`not null`);
  if (hasDefault(table, column)) {
    parts.push(
      kind === "number"
        ? sql`default -5`
        : kind === "text"
        ? sql`default 'it''s;'`
        : sql`default current_timestamp`,
    );
  }
  if (numbered && dialect === "mysql") parts.push(sql`auto_increment`);
  if (numbered && dialect === "sqlite") parts.push(sql`primary key autoincrement`);
  if (column.isUnique) parts.push(sql`unique`);
  if (dialect === "mysql" && column.comment !== undefined) {
    parts.push(sql`comment ${sql.lit(column.comment)}`);
  }
  if (column.check && !numbered) {
    parts.push(
      kind === "number"
        ? sql`check (${name} > -10)`
        : kind === "text"
        ? sql`check (${name} <> ';''' or ${name} is null)`
        : sql`check (${name} is null or ${name} is not null)`,
    );
  }
  return sql.join(parts, sql` `);
}

async function postgresComments(db: Kysely<any>, table: DrawnTable): Promise<void> {
  const name = sql.id(table.name);
  if (table.comment !== undefined) {
    await sql`comment on table ${name} is ${sql.lit(table.comment)}`.execute(db);
  }
  for (const column of table.columns) {
    if (column.comment === undefined) continue;
    await sql`comment on column ${name}.${sql.id(column.name)} is ${sql.lit(column.comment)}`
      .execute(db);
  }
}
