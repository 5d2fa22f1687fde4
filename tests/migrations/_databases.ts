import {
  readSchema,
  type SchemaSnapshot,
  type SchemaTable,
  type Scratch,
} from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import type { TestDialect } from "../support/matrix.ts";
import { RICH } from "./_rich_schema.ts";
import { runScript } from "./_run_script.ts";

/** Calls a function with an empty database. */
export async function withDb<T>(
  dialect: TestDialect,
  body: (db: Kysely<any>) => Promise<T>,
): Promise<T> {
  const { db, close } = await dialect.open();
  try {
    return await body(db);
  } finally {
    await close();
  }
}

/** Returns the scratch databases of a dialect. */
export function scratchOf(dialect: TestDialect): Scratch {
  return (body) => withDb(dialect, body);
}

/** Calls a function with two empty databases. */
export async function withTwo(
  dialect: TestDialect,
  body: (db: Kysely<any>, copy: Kysely<any>) => Promise<void>,
): Promise<void> {
  await withDb(dialect, (db) => withDb(dialect, (copy) => body(db, copy)));
}

/** Calls a function with the schema that has all that a snapshot can hold. */
export async function withRich(
  dialect: TestDialect,
  body: (schema: SchemaSnapshot, db: Kysely<any>) => Promise<void> | void,
): Promise<void> {
  await withDb(dialect, async (db) => {
    await runScript(db, RICH[dialect.dialect]);
    await body(await readSchema(db), db);
  });
}

/** Returns a table of a schema by its name. */
export function tableOf(schema: SchemaSnapshot, name: string): SchemaTable {
  return named(schema.tables, name);
}

/** Returns an object of a list by its name. */
export function named<T extends { readonly name: string | null }>(
  list: readonly T[],
  name: string,
): T {
  const found = list.find((each) => each.name === name);
  assert.ok(found, `${name} is missing among ${list.map(({ name }) => name)}`);
  return found;
}
