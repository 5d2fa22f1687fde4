import type { SchemaColumn, SchemaSnapshot, SchemaTable } from "@kysera/migrations/schema";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { inOrderOfKeys, type SortedTables } from "./_in_order_of_keys.ts";

/** How many rows one statement inserts. */
const ROWS = 100;

/** How a dialect writes rows as statements that insert them. */
interface RowTraits {
  /** The literal of a column, which the database writes: no driver loses a digit. */
  literal(column: SchemaColumn): RawBuilder<string>;
  name(name: string): string;
  /** What stands behind the columns of an insert. */
  readonly overriding: string;
  /** What comes before and after the rows, so that keys are checked when all are there. */
  around(sorted: SortedTables): { readonly before: string[]; readonly after: string[] };
  /** Reads rows a part at a time, within a transaction. */
  read(db: Kysely<any>, query: RawBuilder<Row>): AsyncIterable<readonly Row[]>;
}

type Row = Readonly<Record<string, string>>;

/**
 * Writes the rows of tables as statements of SQL, a few at a time, as they are at one moment.
 *
 * @param tables which tables
 */
export async function* dumpRows(
  db: Kysely<any>,
  schema: SchemaSnapshot,
  tables: readonly SchemaTable[],
): AsyncGenerator<string> {
  const traits = TRAITS[schema.dialect];
  const sorted = inOrderOfKeys(tables);
  const { before, after } = traits.around(sorted);
  const trx = await startReading(db, schema.dialect);
  try {
    for (const statement of before) yield `${statement};\n`;
    for (const table of sorted.tables) yield* rowsOf(trx, traits, table);
    for (const statement of after) yield `${statement};\n`;
  } finally {
    await trx.rollback().execute();
  }
}

async function* rowsOf(
  db: Kysely<any>,
  traits: RowTraits,
  table: SchemaTable,
): AsyncGenerator<string> {
  // What is computed is computed again.
  const columns = table.columns.filter(({ generated }) => generated === null);
  if (columns.length === 0) return;
  const literals = columns.map((column, i) => sql`${traits.literal(column)} as ${sql.id(`c${i}`)}`);
  const query = sql<Row>`select ${sql.join(literals)} from ${sql.id(table.name)}`;
  const names = columns.map(({ name }) => traits.name(name)).join(", ");
  const head = `insert into ${traits.name(table.name)} (${names})${traits.overriding} values\n`;
  for await (const part of traits.read(db, query)) {
    for (let i = 0; i < part.length; i += ROWS) {
      const rows = part.slice(i, i + ROWS).map((row) => `  (${Object.values(row).join(", ")})`);
      yield `${head}${rows.join(",\n")};\n`;
    }
  }
}

/** Begins a transaction in which all reads see one moment. */
async function startReading(db: Kysely<any>, dialect: SchemaSnapshot["dialect"]) {
  const builder = db.startTransaction();
  const trx = await (dialect === "sqlite" ? builder : builder.setIsolationLevel("repeatable read"))
    .execute();
  if (dialect === "mysql") await sql`set time_zone = '+00:00'`.execute(trx);
  return trx;
}

const quotedBy = (quote: string) => (name: string) =>
  `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
const doubleQuoted = quotedBy('"');

const TRAITS: Readonly<Record<SchemaSnapshot["dialect"], RowTraits>> = {
  postgres: {
    literal: ({ name }) => sql`quote_nullable(${sql.id(name)}::text)`,
    name: doubleQuoted,
    overriding: " overriding system value",
    around: ({ tables, looping }) => {
      // A key of rows that refer to each other can be checked only when all of them are there.
      const keys = looping.flatMap((table) =>
        table.foreignKeys.map((key) => ({ table, name: key.name!, definition: key.definition }))
      );
      const alter = (table: SchemaTable) => `alter table ${doubleQuoted(table.name)}`;
      return {
        before: keys.map(({ table, name }) =>
          `${alter(table)} drop constraint ${doubleQuoted(name)}`
        ),
        after: [
          ...keys.map(({ table, name, definition }) =>
            `${alter(table)} add constraint ${doubleQuoted(name)} ${definition}`
          ),
          ...tables.flatMap(setNumbers),
        ],
      };
    },
    async *read(db, query) {
      await sql`declare kysera_rows no scroll cursor for ${query}`.execute(db);
      for (;;) {
        const { rows } = await sql<Row>`fetch 1000 from kysera_rows`.execute(db);
        if (rows.length === 0) break;
        yield rows;
      }
      await sql`close kysera_rows`.execute(db);
    },
  },
  mysql: {
    literal: ({ name, type }) => {
      const id = sql.id(name);
      if (type.name === "bit") return sql`ifnull(concat('b''', bin(${id} + 0), ''''), 'null')`;
      // Bytes are not text, and geometry is bytes.
      const isBytes = /blob|binary|geometry|point|polygon|linestring/.test(type.name);
      return isBytes ? sql`ifnull(concat('x''', hex(${id}), ''''), 'null')` : sql`quote(${id})`;
    },
    name: quotedBy("`"),
    overriding: "",
    around: () => ({
      before: ["set foreign_key_checks = 0", "set time_zone = '+00:00'"],
      after: ["set foreign_key_checks = 1"],
    }),
    read: readStream,
  },
  sqlite: {
    literal: ({ name }) => sql`quote(${sql.id(name)})`,
    name: doubleQuoted,
    overriding: "",
    around: () => ({ before: ["pragma defer_foreign_keys = on"], after: [] }),
    read: readStream,
  },
};

async function* readStream(
  db: Kysely<any>,
  query: RawBuilder<Row>,
): AsyncGenerator<readonly Row[]> {
  const compiled = query.compile(db);
  let part: Row[] = [];
  for await (const { rows } of db.getExecutor().stream<Row>(compiled, 1000)) {
    part.push(...rows);
    if (part.length < 1000) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** Has the numbers of a table go on behind those of its rows. */
function setNumbers({ name, columns }: SchemaTable): string[] {
  return columns
    .filter(({ identity, default: value }) =>
      identity !== null || value?.startsWith("nextval(") === true
    )
    .map((column) => {
      const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
      const id = doubleQuoted(column.name);
      const table = doubleQuoted(name);
      return `select setval(pg_get_serial_sequence(${text(table)}, ${text(column.name)}), ` +
        `coalesce(max(${id}), 1), count(*) > 0) from ${table}`;
    });
}
