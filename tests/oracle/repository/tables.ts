/**
 * The tables whose repositories are put to the test: a key that the database makes, one of several
 * columns, a uuid, and a bigint.
 */
import type { RepositoryConfig, StandardSchema } from "@kysera/repository";
import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../../support/matrix.ts";

export type Row = Record<string, unknown>;

/** A table. Keys are told by small numbers, so that calls are plain data. */
export interface Table {
  readonly name: string;
  readonly key: readonly string[];
  /** The columns of the key with a number. */
  keyColumns(k: number): Row;
  /** The key with a number, as repositories take it. */
  id(k: number): unknown;
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
  /** Whether rows are made without a key. */
  readonly makesKeys: boolean;
  /** Whether `code` is a second unique key. */
  readonly hasCode: boolean;
  readonly version: boolean;
  /** Whether inputs with the name "bad" are refused, and others changed. */
  readonly validates: boolean;
  readonly config: Omit<RepositoryConfig<any, any, any, any, any>, "tableName">;
}

/** Just below what mysql2 gives back as it is. */
const BIG = 9_007_199_254_740_000n;

const one = (column: string, value: (k: number) => unknown) => ({
  key: [column],
  keyColumns: (k: number): Row => ({ [column]: value(k) }),
  id: value,
});

const usual = {
  texts: ["name"],
  numbers: ["score", "team", "tenant"],
  makesKeys: false,
  hasCode: false,
  version: false,
  validates: false,
} as const;

/** Refuses the name "bad", and changes what it lets pass. */
function checked(cleaned: (input: Row) => Row): StandardSchema<any, any> {
  return {
    "~standard": {
      version: 1,
      vendor: "oracle",
      validate: (value: any) =>
        value?.name === "bad"
          ? { issues: [{ message: "is bad", path: ["name"] }] }
          : { value: cleaned(value) },
    },
  };
}

/** What the schemas make of an input. */
export const cleaned: Readonly<Record<"create" | "update", (input: Row) => Row>> = {
  create: (input) => ({ score: 4, ...cleaned.update(input) }),
  update: (input) =>
    typeof input["name"] === "string" ? { ...input, name: input["name"].toLowerCase() } : input,
};

export const tables: readonly Table[] = [
  {
    ...usual,
    name: "members",
    ...one("id", (k) => k),
    texts: ["name", "code"],
    numbers: [...usual.numbers, "id"],
    makesKeys: true,
    hasCode: true,
    config: {},
  },
  {
    ...usual,
    name: "seats",
    key: ["hall", "seat"],
    keyColumns: (k) => ({ hall: Math.ceil(k / 4), seat: "ABCD"[k % 4] }),
    id: (k) => ({ hall: Math.ceil(k / 4), seat: "ABCD"[k % 4] }),
    texts: ["name", "seat"],
    numbers: [...usual.numbers, "hall"],
    version: true,
    config: {
      primaryKey: ["hall", "seat"],
      versionColumn: "version",
      mapRow: (row: Row) => ({ ...row, label: `${row["hall"]}${row["seat"]}` }),
    },
  },
  {
    ...usual,
    name: "tokens",
    ...one("token", (k) => `00000000-0000-4000-8000-0000000000${String(k).padStart(2, "0")}`),
    validates: true,
    config: {
      primaryKey: "token",
      schemas: { create: checked(cleaned.create), update: checked(cleaned.update) },
      // Conditions, orders and cursors go by what is stored.
      codecs: { team: { encode: (team: number) => 10 * team, decode: (ten: number) => ten / 10 } },
    },
  },
  {
    ...usual,
    name: "ledger",
    ...one("id", (k) => BIG + BigInt(k)),
    config: {
      codecs: { id: { encode: String, decode: (stored: string) => BigInt(stored) } },
    },
  },
];

export function tableOf(name: string): Table {
  return tables.find((table) => table.name === name)!;
}

/** A row as data of a test: its key is a number. */
export interface Given {
  readonly k: number;
  readonly code: string | null;
  readonly name: string | null;
  readonly score: number;
  readonly team: number | null;
  readonly tenant: number;
  readonly deleted: boolean;
}

/** The rows of each table, hidden ones included. */
export type Data = Record<string, readonly Given[]>;

export const names: readonly string[] = ["a", "b", "ab", "B", "a%", "_x", "bad"];
export const codes: readonly string[] = ["c1", "c2", "c3", "c4", "c5", "c6"];
/** What a deleted row has in `deleted_at`. */
export const GONE = "gone";

const rows = (table: Table): fc.Arbitrary<Given[]> =>
  fc.uniqueArray(
    fc.record({
      k: fc.integer({ min: 1, max: 11 }),
      code: table.hasCode
        ? fc.option(fc.constantFrom(...codes), { freq: 3 })
        : fc.constant<string | null>(null),
      name: fc.option(fc.constantFrom(...names), { freq: 6 }),
      score: fc.integer({ min: 0, max: 5 }),
      team: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 3 }),
      tenant: fc.nat(9).map((n) => n < 7 ? 1 : 2),
      deleted: fc.nat(9).map((n) => n < 4),
    }),
    {
      minLength: 5,
      maxLength: 10,
      size: "max",
      comparator: (a, b) => a.k === b.k || (a.code !== null && a.code === b.code),
    },
  );

/** Random rows for every table. */
export const data: fc.Arbitrary<Data> = fc.record(
  Object.fromEntries(tables.map((table) => [table.name, rows(table)])),
);

/** A row as the database has it. */
export function stored(table: Table, { k, code, deleted, ...rest }: Given): Row {
  return {
    ...encoded(table, { ...table.keyColumns(k), ...rest }),
    ...table.hasCode ? { code } : {},
    ...table.version ? { version: 1 } : {},
    deleted_at: deleted ? GONE : null,
  };
}

interface Codecs {
  readonly [column: string]: { encode(value: any): unknown; decode(value: any): unknown };
}

/** Changes the values of columns that have a codec. */
function through(table: Table, row: Row, way: "encode" | "decode"): Row {
  const { codecs = {} } = table.config as { codecs?: Codecs };
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const codec = value === null ? undefined : codecs[column];
      return [column, codec === undefined ? value : codec[way](value)];
    }),
  );
}

/** Values as the database takes them. */
export function encoded(table: Table, row: Row): Row {
  return through(table, row, "encode");
}

/** A row of the database as a repository gives it. */
export function entity(table: Table, row: Row): Row {
  const decoded = through(table, row, "decode");
  const { mapRow = (row: Row) => row } = table.config as { mapRow?: (row: Row) => Row };
  return mapRow(decoded);
}

/** Some columns of a row of the database as a repository gives them. */
export function some(table: Table, row: Row, columns: readonly string[]): Row {
  return through(
    table,
    Object.fromEntries(columns.map((column) => [column, row[column]])),
    "decode",
  );
}

/** Creates the tables; `after` is put behind their names. */
export async function createTables(
  db: Kysely<any>,
  { dialect: family }: TestDialect,
  after = "",
): Promise<void> {
  for (const table of tables) {
    const name = table.name + after;
    let builder = db.schema.createTable(name);
    if (table.makesKeys) {
      // SQLite gives an id a second time unless it is told not to.
      builder = builder.addColumn(
        "id",
        family === "postgres" ? sql`serial` : sql`integer`,
        (c) => family === "postgres" ? c.primaryKey() : c.primaryKey().autoIncrement(),
      );
    } else if (table.name === "seats") {
      builder = builder.addColumn("hall", "integer", (c) => c.notNull())
        .addColumn("seat", "varchar(10)", (c) => c.notNull())
        .addPrimaryKeyConstraint(`${name}_key`, ["hall", "seat"]);
    } else {
      const uuid = family === "postgres" ? "uuid" : "varchar(36)";
      const type = table.name === "tokens" ? uuid : "bigint";
      builder = builder.addColumn(table.key[0]!, type, (c) => c.primaryKey());
    }
    if (table.hasCode) builder = builder.addColumn("code", "varchar(20)", (c) => c.unique());
    if (table.version) {
      builder = builder.addColumn("version", "integer", (c) => c.notNull().defaultTo(1));
    }
    await builder
      .addColumn("name", "varchar(20)")
      .addColumn("score", "integer", (c) => c.notNull().defaultTo(7))
      .addColumn("team", "integer")
      .addColumn("tenant", "integer", (c) => c.notNull().defaultTo(1))
      .addColumn("deleted_at", "varchar(20)")
      .execute();
  }
  // Ids that the database makes are never those of the data.
  const members = `members${after}`;
  if (family === "postgres") await sql`select setval(${`${members}_id_seq`}, 1000)`.execute(db);
  if (family === "mysql") {
    await sql`alter table ${sql.table(members)} auto_increment = 1001`.execute(db);
  }
  if (family === "sqlite") await db.insertInto(members).values({ id: 1000 }).execute();
}

/** Replaces what is in a table. */
export async function fill(db: Kysely<any>, table: string, rows: readonly Row[]): Promise<void> {
  await db.deleteFrom(table).execute();
  if (rows.length > 0) await db.insertInto(table).values([...rows]).execute();
}
