import { assertKnownOptions, BadRequestError, detectDialect, type Dialect } from "@kysera/core";
import { type AnyKysely, findColumns, type FoundColumns, kyselyOf } from "@kysera/executor";
import { bigint, date, enumArray, json } from "./codecs.ts";
import type { Codecs } from "./coded.ts";
import type { Codec, TableName } from "./types.ts";

/** The codecs that are chosen by the type of a column. */
export type CodecKind = "json" | "bigint" | "date" | "enumArray";

/** Options of {@linkcode findCodecs}. */
export interface FindCodecsOptions {
  /** Which codecs are chosen. Default: all. */
  readonly kinds?: readonly CodecKind[] | undefined;
}

const KINDS: readonly CodecKind[] = ["json", "bigint", "date", "enumArray"];

/**
 * Returns the codecs of a table, chosen by the types of its columns in the catalog: `json()` for JSON
 * (on SQLite, columns declared as `json`), `bigint()` for `bigint`, `date()` for timestamps (on SQLite,
 * columns declared as `datetime` or `timestamp`, which are kept as text), and `enumArray()` for arrays
 * of an enumeration. In inputs and entities, columns then have the types that the interface of the
 * table selects.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param table the table
 * @param options see {@linkcode FindCodecsOptions}
 * @returns the codecs by column, for `codecs` of a repository
 * @throws {BadRequestError} if the catalog does not tell of the table
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepository, findCodecs } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   posts: { id: number; tags: string[]; published: Date };
 * }
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table posts (id integer primary key, tags json, published datetime)");
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const posts = createRepository(db, {
 *   tableName: "posts",
 *   codecs: await findCodecs(db, "posts"),
 * });
 * const post = await posts.create({ id: 1, tags: ["a", "b"], published: new Date(0) });
 * assert.deepEqual(post, { id: 1, tags: ["a", "b"], published: new Date(0) });
 * await db.destroy();
 * ```
 */
export async function findCodecs<DB, T extends TableName<DB>>(
  executor: AnyKysely<DB>,
  table: T,
  options: FindCodecsOptions = {},
): Promise<Codecs<DB[T]>> {
  const action = `find the codecs of "${table}"`;
  assertKnownOptions(options, ["kinds"], { action });
  const { kinds = KINDS } = options;
  if (!Array.isArray(kinds) || !kinds.every((kind) => KINDS.includes(kind))) {
    throw new BadRequestError(
      `Cannot ${action}: kinds is a list of ${KINDS.map((kind) => `"${kind}"`).join(", ")}`,
    );
  }
  const found = await findColumns(kyselyOf(executor), table);
  if (found === undefined) {
    throw new BadRequestError(`Cannot ${action}: the catalog does not tell of such a table`);
  }
  const dialect = detectDialect(executor);
  const holdJson = kinds.includes("json") ? await jsonColumns(found) : [];
  const names = await found.names();
  const codecs: Record<string, Codec> = {};
  found.relation.columns.forEach(({ name, type = "" }, i) => {
    const kind = holdJson.includes(name) ? "json" : kindOf(type, dialect);
    if (kind !== undefined && kinds.includes(kind)) codecs[names[i]!] = codecOf(kind, dialect);
  });
  // The names are those of columns.
  return codecs as Codecs<DB[T]>;
}

async function jsonColumns(found: FoundColumns): Promise<readonly string[]> {
  const mayHide = found.relation.columns.some(({ type }) => type === "longtext");
  return mayHide ? await found.jsonColumns() : [];
}

function kindOf(type: string, dialect: Dialect): CodecKind | undefined {
  if (/^jsonb?$/.test(type)) return "json";
  if (/^(?:bigint|int8)\b/.test(type) && !type.endsWith("[]")) return "bigint";
  if (dialect === "postgres" && type === "enum[]") return "enumArray";
  return /^(?:timestamp|datetime)/.test(type) && !type.endsWith("[]") ? "date" : undefined;
}

function codecOf(kind: CodecKind, dialect: Dialect): Codec {
  switch (kind) {
    case "json":
      return json();
    case "bigint":
      return bigint();
    case "date":
      return date({ as: dialect === "sqlite" ? "text" : "date" });
    case "enumArray":
      return enumArray();
  }
}
