import { didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type { SchemaColumn, SchemaSnapshot, SchemaTable } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { fieldsOf } from "./_fields.ts";
import type { FoundRepository } from "./_load_repositories.ts";
import { physicalNames } from "./_physical_names.ts";

/** What is wrong with a repository. */
export interface RepositoryFinding {
  readonly severity: "error" | "warning";
  readonly code:
    | "table-not-found"
    | "column-not-found"
    | "key-not-unique"
    | "required-column"
    | "optional-field"
    | "no-schema";
  readonly message: string;
}

/** Compares a repository with the schema of the database. */
export async function checkRepository(
  found: FoundRepository,
  db: Kysely<any>,
  snapshot: SchemaSnapshot,
): Promise<RepositoryFinding[]> {
  const { table: name } = physicalNames(db, found.table, []);
  const plain = name.slice(name.lastIndexOf(".") + 1);
  const table = snapshot.tables.find((each) => each.name === plain);
  if (table !== undefined) return await new Check(found, db, table).run();
  const view = snapshot.views.find((each) => each.name === plain);
  if (view !== undefined) return [];
  const known = [...snapshot.tables, ...snapshot.views].map((each) => each.name);
  return [{
    severity: "error",
    code: "table-not-found",
    message: `There is no table "${found.table}"${didYouMean(plain, known)}`,
  }];
}

class Check {
  readonly #found: FoundRepository;
  readonly #db: Kysely<any>;
  readonly #table: SchemaTable;
  readonly #findings: RepositoryFinding[] = [];

  constructor(found: FoundRepository, db: Kysely<any>, table: SchemaTable) {
    this.#found = found;
    this.#db = db;
    this.#table = table;
  }

  async run(): Promise<RepositoryFinding[]> {
    const { description } = this.#found;
    this.#checkKey();
    if (description === undefined) return this.#findings;
    this.#columnsOf("the codecs", [...description.codecs.keys()]);
    if (description.versionColumn !== undefined) {
      this.#columnsOf("versionColumn", [description.versionColumn]);
    }
    const { create, update, entity } = description.schemas;
    if (create === undefined) {
      this.#add(
        "warning",
        "no-schema",
        "No schema says what a new row has to have: `schemas.create`",
      );
    } else await this.#checkCreate(create);
    if (update !== undefined) {
      this.#columnsOf("schemas.update", [...(await fieldsOf(update)).all]);
    }
    // A row that is mapped has other members than columns.
    if (entity !== undefined && !description.isMapped) {
      this.#columnsOf("schemas.entity", [...(await fieldsOf(entity)).all]);
    }
    return this.#findings;
  }

  #checkKey(): void {
    const { primaryKey } = this.#found;
    const columns = this.#columnsOf("the key", primaryKey);
    if (columns.length < primaryKey.length) return;
    const { primaryKey: key, uniques, indexes } = this.#table;
    const isIn = (unique: readonly string[]) => unique.every((column) => columns.includes(column));
    const isUnique = [key, ...uniques].some((each) => each !== null && isIn(each.columns)) ||
      indexes.some(({ unique, predicate, parts }) =>
        unique && predicate === null && parts.every(({ column }) => column !== null) &&
        isIn(parts.map(({ column }) => column!))
      );
    if (isUnique) return;
    const names = primaryKey.map((column) => `"${column}"`).join(", ");
    this.#add(
      "error",
      "key-not-unique",
      `Rows can share the key ${names}: nothing makes it unique`,
    );
  }

  async #checkCreate(create: Parameters<typeof fieldsOf>[0]): Promise<void> {
    const fields = await fieldsOf(create);
    const given = new Set(this.#columnsOf("schemas.create", [...fields.all]));
    const always = new Set(this.#physical([...fields.required]));
    const stamped = this.#stamped(given);
    for (const column of this.#table.columns) {
      if (!isNeeded(column) || stamped.has(column.name) || always.has(column.name)) continue;
      if (given.has(column.name)) {
        this.#add(
          "error",
          "optional-field",
          `"${column.name}" has to have a value, and schemas.create takes rows without one`,
        );
      } else if (fields.isWhole) {
        this.#add(
          "error",
          "required-column",
          `"${column.name}" has to have a value, and schemas.create has no such field`,
        );
      }
    }
  }

  /** The columns that plugins set in a new row. */
  #stamped(given: ReadonlySet<string>): ReadonlySet<string> {
    const values = Object.fromEntries([...given].map((name) => [name, null]));
    try {
      const { query } = this.#db.insertInto(this.#found.table)
        .values(given.size === 0 ? { [this.#table.columns[0]!.name]: null } : values).compile();
      const { columns = [] } = query as unknown as {
        readonly columns?: readonly { readonly column: { readonly name: string } }[];
      };
      const names = columns.map(({ column }) => column.name).filter((name) => !given.has(name));
      return new Set(names);
    } catch {
      // Policies that ask who writes set what they set for somebody alone.
      return new Set(this.#table.columns.map(({ name }) => name));
    }
  }

  /** Returns those columns that exist, and tells of the others. */
  #columnsOf(where: string, names: readonly string[]): string[] {
    const known = this.#table.columns.map(({ name }) => name);
    return this.#physical(names).filter((name, i) => {
      if (known.includes(name)) return true;
      this.#add(
        "error",
        "column-not-found",
        `"${this.#found.table}" has no column "${names[i]}", which is in ${where}` +
          didYouMean(name, known),
      );
      return false;
    });
  }

  #physical(names: readonly string[]): string[] {
    if (names.length === 0) return [];
    return [...physicalNames(getRawDb(this.#db), this.#found.table, names).columns];
  }

  #add(
    severity: RepositoryFinding["severity"],
    code: RepositoryFinding["code"],
    message: string,
  ): void {
    this.#findings.push({ severity, code, message });
  }
}

/** Whether a row cannot be stored without a value for a column. */
function isNeeded({ nullable, default: value, generated, identity }: SchemaColumn): boolean {
  return !nullable && value === null && generated === null && identity === null;
}
