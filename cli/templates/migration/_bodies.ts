import type { TemplateColumn } from "./_columns.ts";

/** What a template is filled with. */
export interface BodyRequest {
  readonly table: string;
  readonly columns: readonly TemplateColumn[];
  readonly kind: string | undefined;
}

/** What the two functions of a migration do. */
export interface WrittenBody {
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** What it imports from Kysely. */
  readonly imports?: readonly string[];
}

/** A template. */
export interface Body {
  readonly needsTable: boolean;
  readonly needsColumns: boolean;
  write(request: BodyRequest): WrittenBody;
}

/** The templates by their names. */
export const BODIES: Readonly<Record<string, Body>> = {
  "default": body(false, false, () => ({
    up: ["// Make the change: await db.schema.createTable(..).execute();"],
    down: ["// Undo it: await db.schema.dropTable(..).execute();"],
  })),
  "create-table": body(true, false, ({ table, columns, kind }) => ({
    up: [
      `await db.schema`,
      `  .createTable(${text(table)})`,
      `  ${idColumn(kind)}`,
      ...columns.map((column) => `  .addColumn(${columnArguments(column)})`),
      `  .execute();`,
    ],
    down: [`await db.schema.dropTable(${text(table)}).execute();`],
  })),
  "alter-table": body(true, false, ({ table }) => ({
    up: [
      `await db.schema`,
      `  .alterTable(${text(table)})`,
      `  .addColumn("name", "text")`,
      `  .execute();`,
    ],
    down: [
      `await db.schema`,
      `  .alterTable(${text(table)})`,
      `  .dropColumn("name")`,
      `  .execute();`,
    ],
  })),
  // SQLite takes one change in a statement.
  "add-columns": body(true, true, ({ table, columns }) => ({
    up: columns.map((column) =>
      `await db.schema.alterTable(${text(table)}).addColumn(${columnArguments(column)}).execute();`
    ),
    down: dropColumns(table, columns),
  })),
  "drop-columns": body(true, true, ({ table, columns }) => ({
    up: dropColumns(table, columns),
    // What was in them is lost, so that they cannot be required.
    down: columns.map((column) =>
      `await db.schema.alterTable(${text(table)}).addColumn(${
        columnArguments({ ...column, isNullable: true })
      }).execute();`
    ),
  })),
  "create-index": body(true, true, (request) => ({
    up: createIndex(request),
    down: dropIndex(request),
  })),
  "drop-index": body(true, true, (request) => ({
    up: dropIndex(request),
    down: createIndex(request),
  })),
  "add-foreign-key": body(true, true, ({ table, columns }) => ({
    up: columns.flatMap((column) => {
      const [target, key] = targetOf(column);
      return [
        `await db.schema`,
        `  .alterTable(${text(table)})`,
        `  .addForeignKeyConstraint(${keyName(table, column)}, [${text(column.name)}], ` +
        `${text(target)}, [${text(key)}])`,
        `  .execute();`,
      ];
    }),
    down: columns.map((column) =>
      `await db.schema.alterTable(${text(table)}).dropConstraint(${
        keyName(table, column)
      }).execute();`
    ),
  })),
  "seed-data": body(true, false, ({ table, columns }) => {
    const values = columns.map(({ name }) => `${name}: ${text(name)}`);
    const [first = { name: "name" }] = columns;
    return {
      up: [
        `await db`,
        `  .insertInto(${text(table)})`,
        `  .values([{ ${values.length === 0 ? 'name: "name"' : values.join(", ")} }])`,
        `  .execute();`,
      ],
      down: [
        `await db.deleteFrom(${text(table)}).where(${text(first.name)}, "=", ${
          text(first.name)
        }).execute();`,
      ],
    };
  }),
};

function body(needsTable: boolean, needsColumns: boolean, write: Body["write"]): Body {
  return { needsTable, needsColumns, write };
}

/** The key, as each database numbers it by itself. */
function idColumn(kind: string | undefined): string {
  const options: Readonly<Record<string, [type: string, rest: string]>> = {
    sqlite: ["integer", "column.primaryKey().autoIncrement()"],
    postgres: ["bigint", "column.primaryKey().generatedByDefaultAsIdentity()"],
    pglite: ["bigint", "column.primaryKey().generatedByDefaultAsIdentity()"],
    mysql: ["bigint", "column.primaryKey().autoIncrement()"],
  };
  const [type, rest] = options[kind ?? ""] ?? ["integer", "column.primaryKey()"];
  return `.addColumn("id", "${type}", (column) => ${rest})`;
}

function columnArguments({ name, type, isNullable, isUnique, references }: TemplateColumn): string {
  const rest = [
    isNullable ? "" : ".notNull()",
    isUnique ? ".unique()" : "",
    references === undefined ? "" : `.references(${text(references)})`,
  ].join("");
  const options = rest === "" ? "" : `, (column) => column${rest}`;
  return `${text(name)}, ${text(type)}${options}`;
}

function dropColumns(table: string, columns: readonly TemplateColumn[]): string[] {
  return columns.map(({ name }) =>
    `await db.schema.alterTable(${text(table)}).dropColumn(${text(name)}).execute();`
  );
}

/** An index belongs to a table on MySQL, and to a schema elsewhere. */
function dropIndex({ table, columns, kind }: BodyRequest): string[] {
  const on = kind === "mysql" ? `.on(${text(table)})` : "";
  return [`await db.schema.dropIndex(${indexName(table, columns)})${on}.execute();`];
}

function createIndex({ table, columns }: BodyRequest): string[] {
  const isUnique = columns.some((column) => column.isUnique);
  return [
    `await db.schema`,
    `  .createIndex(${indexName(table, columns)})`,
    `  .on(${text(table)})`,
    `  .columns([${columns.map(({ name }) => text(name)).join(", ")}])`,
    ...isUnique ? [`  .unique()`] : [],
    `  .execute();`,
  ];
}

function indexName(table: string, columns: readonly TemplateColumn[]): string {
  return text([...table.split("."), ...columns.map(({ name }) => name), "index"].join("_"));
}

function keyName(table: string, { name }: TemplateColumn): string {
  return text([...table.split("."), name, "fkey"].join("_"));
}

/** The table and column that a column refers to; by its name where that is not said. */
function targetOf({ name, references }: TemplateColumn): [table: string, column: string] {
  const [table, column] = references?.split(".") ?? [`${name.replace(/_id$/, "")}s`, "id"];
  return [table!, column!];
}

function text(value: string): string {
  return JSON.stringify(value);
}
