import {
  diffSchemas,
  dumpSchema,
  loadSchema,
  readSchema,
  type SchemaSnapshot,
} from "@kysera/migrations/schema";
import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";
import { withDb } from "./_databases.ts";
import {
  buildSchema,
  type DrawnSchema,
  drawnSchema,
  type DrawnTable,
  hasDefault,
  indexesOf,
  isNumbered,
  keyOf,
  referencesOf,
  TYPES,
} from "./_random_schema.ts";

onEveryDialect("a random schema", (dialect) => {
  it("is read as it was drawn, and the same after dump and load", async () => {
    await fc.assert(
      fc.asyncProperty(drawnSchema, (drawn) =>
        withDb(dialect, async (db) => {
          await buildSchema(db, dialect.dialect, drawn);
          const schema = await readSchema(db);
          assertDrawn(schema, drawn, dialect.dialect);
          assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
          const script = await dumpSchema(db);
          await withDb(dialect, async (copy) => {
            await loadSchema(copy, script);
            const changes = diffSchemas(schema, await readSchema(copy));
            assert.deepEqual(changes.map(({ text }) => text), []);
            assert.equal(await dumpSchema(copy), script);
          });
        })),
      fuzzProperty(200),
    );
  });

  it("that lacks anything is told from what it was", async () => {
    await fc.assert(
      fc.asyncProperty(drawnSchema, fc.nat(), (drawn, seed) =>
        withDb(dialect, async (db) => {
          await buildSchema(db, dialect.dialect, drawn);
          const schema = await readSchema(db);
          for (const [what, other] of withoutOne(schema, seed)) {
            const [change, ...rest] = diffSchemas(schema, other, { columnOrder: false });
            assert.ok(change !== undefined && rest.length === 0, what);
            assert.equal(change.kind, "removed", what);
            const [added] = diffSchemas(other, schema, { columnOrder: false });
            assert.equal(added?.kind, "added", what);
          }
        })),
      fuzzProperty(80),
    );
  });
});

/** Compares a snapshot with what was drawn. */
function assertDrawn(
  schema: SchemaSnapshot,
  drawn: DrawnSchema,
  dialect: "postgres" | "mysql" | "sqlite",
): void {
  const has = <T>(values: Iterable<T>) => [...values].map((value) => JSON.stringify(value)).sort();
  assert.deepEqual(
    has(schema.tables.map(({ name }) => name)),
    has(drawn.tables.map(({ name }) => name)),
  );
  assert.deepEqual(
    has(schema.views.map(({ name }) => name)),
    has(drawn.views.map(({ name }) => name)),
  );
  for (const [i, table] of drawn.tables.entries()) {
    const read = schema.tables.find(({ name }) => name === table.name)!;
    const references = referencesOf(drawn, i);
    const key = keyOf(table);
    assert.deepEqual(read.columns.map(({ name }) => name), [
      ...table.columns.map(({ name }) => name),
      ...references.map(({ table }) => `ref ${table.name}`),
      ...table.generated ? ["made"] : [],
    ]);
    for (const [j, column] of table.columns.entries()) {
      const found = read.columns[j]!;
      assert.equal(found.type.text, TYPES[dialect][column.type]);
      assert.equal(found.default !== null, hasDefault(table, column));
      assert.equal(found.identity !== null, isNumberedColumn(table, j, dialect));
      assert.equal(found.comment ?? undefined, dialect === "sqlite" ? undefined : column.comment);
      // SQLite lets NULL into a key that is not declared to refuse it.
      const isKey = key.includes(column) && (dialect !== "sqlite" || found.identity !== null);
      assert.equal(found.nullable, !column.notNull && !isKey, column.name);
    }
    assert.equal(read.comment ?? undefined, dialect === "sqlite" ? undefined : table.comment);
    assert.deepEqual(read.primaryKey?.columns ?? [], key.map(({ name }) => name));
    assert.deepEqual(
      has(read.foreignKeys.map(({ columns, referencedTable, onDelete }) => [
        columns,
        referencedTable,
        onDelete,
      ])),
      has(references.map(({ table, action }) => [[`ref ${table.name}`], table.name, action])),
    );
    const indexes = indexesOf(table).map(({ name, unique, columns, descending }) => [
      name,
      unique,
      columns.map((column) => [table.columns[column]!.name, descending]),
    ]);
    const own = new Set(indexesOf(table).map(({ name }) => name));
    const found = [
      ...read.indexes.map(({ name, unique, parts }) => [
        name,
        unique,
        parts.map(({ column, order }) => [column, order === "desc"]),
      ]),
      ...read.uniques.map(({ name, columns }) => [
        name,
        true,
        columns.map((column) => [column, false]),
      ]),
    ].filter(([name]) => own.has(name as string));
    assert.deepEqual(has(found), has(indexes));
    const uniques = read.uniques.filter(({ name }) => name === null || !own.has(name));
    // PostgreSQL makes no other index of what is the primary key.
    const wanted = table.columns.filter((column) =>
      column.isUnique && !(dialect === "postgres" && key.length === 1 && key[0] === column)
    );
    assert.deepEqual(
      has(uniques.map(({ columns }) => columns)),
      has(wanted.map(({ name }) => [name])),
    );
    const checks = table.columns.filter(({ check }, j) => check && !(isNumbered(table) && j === 0));
    assert.equal(read.checks.length, checks.length);
  }
  assert.equal(
    schema.tables.flatMap(({ triggers }) => triggers).length,
    drawn.triggers.length,
  );
}

function isNumberedColumn(table: DrawnTable, column: number, dialect: string): boolean {
  if (column !== 0) return false;
  // In SQLite an integer that is the key is the number of the row, whether it is asked for or not.
  const isRowid = dialect === "sqlite" && keyOf(table).length === 1 && table.columns[0]!.type === 0;
  return isNumbered(table) || isRowid;
}

/** Returns copies of a schema, each without one object of a kind that it has. */
function* withoutOne(schema: SchemaSnapshot, seed: number): Generator<[string, SchemaSnapshot]> {
  const drop = <T>(list: readonly T[]) => list.filter((_, i) => i !== seed % list.length);
  for (const kind of ["tables", "views", "routines"] as const) {
    if (schema[kind].length > 0) yield [kind, { ...schema, [kind]: drop<unknown>(schema[kind]) }];
  }
  const table = schema.tables[seed % schema.tables.length]!;
  for (
    const kind of ["columns", "uniques", "foreignKeys", "checks", "indexes", "triggers"] as const
  ) {
    if (table[kind].length === 0) continue;
    const other = { ...table, [kind]: drop<unknown>(table[kind]) };
    yield [kind, { ...schema, tables: schema.tables.map((each) => each === table ? other : each) }];
  }
}
