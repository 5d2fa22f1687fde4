/**
 * A schema that does not fit its table, and a column that is not there, do not compile. `deno task
 * check` is the test: none of the functions runs.
 */
import { createORM, createRepository, json, nativeAdapter } from "@kysera/repository";
import { type } from "arktype";
import type { Generated, JSONColumnType, Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import * as v from "valibot";
import * as yup from "yup";
import * as z from "zod";

interface Database {
  posts: {
    id: Generated<number>;
    title: string;
    note: string | null;
    settings: JSONColumnType<{ theme: string }> | null;
  };
}
const tableName = "posts";
const title = z.object({ title: z.string() });

export function fitting(db: Kysely<Database>, any: Kysely<any>): void {
  createRepository(db, { tableName, schemas: { create: title, update: title.partial() } });
  createRepository(db, { tableName, schemas: { create: title.loose() } });
  createRepository(db, { tableName, schemas: { create: z.any(), update: nativeAdapter() } });
  createRepository(db, { tableName, schemas: { entity: z.object({ id: z.string() }) } });
  createRepository(db, {
    tableName,
    schemas: { create: v.object({ title: v.string(), note: v.optional(v.nullable(v.string())) }) },
  });
  createRepository(db, {
    tableName,
    schemas: { create: type({ title: "string", "note?": "string" }) },
  });
  createRepository(db, {
    tableName,
    schemas: { create: yup.object({ title: yup.string().required() }) },
  });
  // What a transform makes is what counts, and codecs say what a column takes.
  createRepository(db, {
    tableName,
    schemas: { create: z.object({ title: z.number().transform(String) }) },
  });
  createRepository(db, {
    tableName,
    codecs: { settings: json<{ theme: string }>() },
    schemas: { create: title.extend({ settings: z.object({ theme: z.string() }) }) },
  });
  createRepository(any, { tableName, schemas: { create: z.object({ anything: z.string() }) } });
}

export async function unfitting(db: Kysely<Database>): Promise<void> {
  const nope = title.extend({ nope: z.string() });
  // @ts-expect-error There is no column "nope" in "posts"
  createRepository(db, { tableName, schemas: { create: nope } });
  // @ts-expect-error There is no column "nope" in "posts"
  createRepository(db, { tableName, schemas: { update: nope.partial() } });
  const number = z.object({ title: z.number() });
  // @ts-expect-error The column "title" of "posts" has another type
  createRepository(db, { tableName, schemas: { create: number } });
  const note = z.object({ note: z.string() });
  // @ts-expect-error The column "title" of "posts" is missing
  createRepository(db, { tableName, schemas: { create: note } });
  // @ts-expect-error The column "title" of "posts" is missing
  createRepository(db, { tableName, schemas: { create: title.partial() } });
  // @ts-expect-error There is no column "nope" in "posts"
  createRepository(db, { tableName, schemas: { create: v.object({ nope: v.string() }) } });
  // @ts-expect-error The column "title" of "posts" has another type
  createRepository(db, { tableName, schemas: { create: type({ title: "number" }) } });
  // @ts-expect-error The column "title" of "posts" is missing
  createRepository(db, { tableName, schemas: { create: yup.object({ note: yup.string() }) } });
  const orm = await createORM(db, []);
  // @ts-expect-error There is no column "nope" in "posts"
  orm.createRepository({ tableName, schemas: { create: nope } });
}

export async function columns(db: Kysely<Database>): Promise<void> {
  const posts = createRepository(db, { tableName });
  const [row] = await posts.find({ select: ["id", "note"], orderBy: "title" });
  row satisfies { id: number; note: string | null } | undefined;
  const one: { title: string } | null = await posts.findOne({ where: { id: 1 } });
  // @ts-expect-error Did you mean '"title"'?
  await posts.find({ select: ["titel"] });
  // @ts-expect-error Did you mean '"title"'?
  await posts.findOne({ orderBy: "titel" });
  // @ts-expect-error Did you mean '"title"'?
  await posts.findAll({ orderBy: [{ column: "titel" }] });
  // @ts-expect-error Did you mean to write 'title'?
  await posts.findAndCount({ where: { titel: "a" } });
  void one;
}

it("the types of schemas are checked when this file is", () => {
  assert.equal(typeof columns, "function");
});
