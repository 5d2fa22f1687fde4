import { didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema, type SchemaTable, type SchemaView } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { usageError } from "../contract/_cli_error.ts";
import { relationsPastPolicies } from "./_past_policies.ts";
import type { Protection, QualifiedTable } from "./_protection.ts";

/** A table or view that the assistant can name. */
export interface Relation {
  readonly name: string;
  readonly kind: "table" | "view";
  readonly comment: string | null;
  /** The names of its columns. */
  readonly columns: ReadonlySet<string>;
  readonly of: SchemaTable | SchemaView;
  /** What the plugins and policies do to it, in words. */
  readonly rules: readonly string[];
}

/** The tables and views that an assistant can name. */
export class Catalog {
  readonly #db: Kysely<any>;
  readonly #protection: Protection;
  readonly #schema: string | undefined;
  #relations: ReadonlyMap<string, Relation> | undefined;

  constructor(db: Kysely<any>, protection: Protection, schema: string | undefined) {
    this.#db = getRawDb(db).withoutPlugins();
    this.#protection = protection;
    this.#schema = schema;
  }

  /** Reads what the database has now. */
  async list(): Promise<ReadonlyMap<string, Relation>> {
    const { tables, views, defaultSchema } = await readSchema(
      this.#db,
      this.#schema === undefined ? {} : { schemas: [this.#schema] },
    );
    const past = this.#protection.isNative ? await relationsPastPolicies(this.#db) : [];
    const relations = [...tables, ...views].filter((of) => {
      const table: QualifiedTable = { name: of.name, schema: of.schema ?? defaultSchema };
      if (!isPlain(of.name)) return false;
      if (this.#protection.isUnguarded || this.#protection.isNamed(table)) return true;
      if (this.#protection.holdsCopies(table)) return false;
      if (past.some(({ name, schema }) => name === table.name && schema === table.schema)) {
        return false;
      }
      // What shows rows of other tables is guarded by the database, or has to be named.
      return this.#protection.isNative && this.#protection.hidingPlugins.length === 0 ||
        !showsOthers(of);
    }).map((of) => this.#relationOf(of, defaultSchema));
    return this.#relations = new Map(relations.map((each) => [each.name, each]));
  }

  /**
   * Returns the tables and views, as they were when they were read last, unless one is asked for that
   * was not there.
   */
  async having(names: readonly string[]): Promise<ReadonlyMap<string, Relation>> {
    const known = this.#relations;
    return known !== undefined && names.every((name) => known.has(name))
      ? known
      : await this.list();
  }

  #relationOf(of: SchemaTable | SchemaView, schema: string): Relation {
    const policies = "policies" in of
      ? of.policies.map(({ name, command }) => `the policy ${name} of the database, for ${command}`)
      : [];
    return {
      name: of.name,
      kind: "definition" in of ? "view" : "table",
      comment: of.comment,
      columns: new Set(of.columns.map(({ name }) => name).filter(isPlain)),
      of,
      rules: [
        ...this.#protection.effects.get(of.name) ?? [],
        ...this.#protection.effects.get(`${schema}.${of.name}`) ?? [],
        ...policies,
      ],
    };
  }
}

/** Returns the relation of a name. */
export function relationOf(relations: ReadonlyMap<string, Relation>, name: string): Relation {
  const found = relations.get(name);
  if (found !== undefined) return found;
  throw usageError(`There is no table "${name}"${didYouMean(name, [...relations.keys()])}`, {
    hint: "A view, a partition or a virtual table can be read if the plugins name it.",
  });
}

/** Whether it has rows of other tables: views, partitions, heirs, indexes of full texts. */
function showsOthers(of: SchemaTable | SchemaView): boolean {
  if ("definition" in of) return true;
  return of.kind !== "table" || of.parents.length > 0 || of.partitioning.bound !== null;
}

/** Kysely reads a dot as the end of a schema or table, and " as " as the begin of an alias. */
function isPlain(name: string): boolean {
  return !name.includes(".") && !/ as /i.test(name);
}
