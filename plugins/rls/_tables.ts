import { parseTableName, type PluginHost, type TableId, TableScope } from "@kysera/executor";
import { RLSSchemaError } from "./errors.ts";
import type { CompiledTable, PolicyRegistry } from "./policy_registry.ts";

type NameHost = Pick<PluginHost, "dialect" | "physicalName" | "physicalColumn">;

/** What row-level security has to say about a table. */
export type Standing =
  | { readonly kind: "policed"; readonly table: CompiledTable }
  /** Nothing at all. */
  | { readonly kind: "free" }
  /** That it may not be used. */
  | { readonly kind: "refused"; readonly why: string };

/** A table or view of the database. */
export interface Relation {
  readonly isView: boolean;
  /** Its columns, in their order. */
  readonly columns: readonly string[];
}

const FREE: Standing = { kind: "free" };

/** Tables by the names that queries have for them. */
export class Tables {
  readonly #host: NameHost;
  /** The tables of the schema, by physical name. */
  readonly #policed = new Map<string, CompiledTable[]>();
  readonly #skipped: TableScope;
  readonly #unlisted: "allow" | "deny";
  readonly #relations = new Map<string, Map<string, Relation>>();
  #searchPath: readonly string[] | undefined;

  /**
   * Makes it.
   *
   * @param host says how names are compared
   * @param registry the policies
   * @param skipTables tables that no policy is for
   * @param unlisted what becomes of the others
   */
  constructor(
    host: NameHost,
    registry: PolicyRegistry,
    skipTables: readonly string[],
    unlisted: "allow" | "deny",
  ) {
    this.#host = host;
    this.#unlisted = unlisted;
    this.#skipped = new TableScope(host);
    for (const entry of skipTables) this.#skipped.addEntry(entry);
    for (const table of registry.tables()) {
      const key = host.physicalName(parseTableName(table.table).name);
      const known = this.#policed.get(key) ?? [];
      const twin = known.find((other) => this.#schemaOf(other) === this.#schemaOf(table));
      if (twin !== undefined) {
        throw new RLSSchemaError(
          table.table,
          `the database has one name for this table and "${twin.table}"; write one of them`,
        );
      }
      this.#policed.set(key, [...known, table]);
    }
  }

  /** Tells of a table or view of the database. */
  addRelation({ name, schema }: TableId, relation: Relation): void {
    const key = this.#fold(name);
    const bySchema = this.#relations.get(key) ?? new Map<string, Relation>();
    bySchema.set(schema === undefined ? "" : this.#fold(schema), relation);
    this.#relations.set(key, bySchema);
  }

  /** Tells where the database looks for a name without a schema. */
  setSearchPath(schemas: readonly string[]): void {
    this.#searchPath = schemas;
  }

  /** The columns of a table. @throws {RLSSchemaError} where they are not known */
  columnsOf(id: TableId): readonly string[] {
    const [relation] = this.#relationsOf(id);
    if (relation !== undefined) return relation.columns;
    throw new RLSSchemaError(
      `${id.name}.columns`,
      "the columns of the table are not known, and one must not be read by everybody; make the " +
        "executor with createExecutor(), when the table is there",
    );
  }

  /** What a name may stand for; of a name without schema, what the database finds first. */
  #relationsOf({ name, schema }: TableId): readonly Relation[] {
    const bySchema = this.#relations.get(this.#fold(name)) ??
      this.#relations.get(this.#host.physicalName(name));
    if (bySchema === undefined) return [];
    if (schema !== undefined) {
      const relation = bySchema.get(this.#fold(schema)) ??
        bySchema.get(this.#fold(this.#host.physicalName(schema)));
      return relation === undefined ? [] : [relation];
    }
    const first = this.#searchPath?.find((each) => bySchema.has(each));
    return first === undefined ? [...bySchema.values()] : [bySchema.get(first)!];
  }

  /** Whether there is anything to say about a table. */
  concerns(table: TableId): boolean {
    return this.standingOf(table).kind !== "free";
  }

  /** What there is to say about a table that a query names. */
  standingOf(id: TableId): Standing {
    const { name, schema } = id;
    if (this.#skipped.has(id) && !this.#isSkippedElsewhere(id)) return FREE;
    const tables = this.#policed.get(this.#fold(name)) ??
      this.#policed.get(this.#host.physicalName(name));
    const found = tables === undefined ? undefined : this.#choose(tables, schema);
    if (found === "several") {
      return {
        kind: "refused",
        why: `several tables of the schema have this name; qualify it: "schema.${name}"`,
      };
    }
    if (found !== undefined) return { kind: "policed", table: found };
    if (this.#relationsOf(id).some(({ isView }) => isView)) {
      return {
        kind: "refused",
        why:
          "it is a view, and nobody can see what it reads; give it policies of its own, or name " +
          `it in the option "skipTables"`,
      };
    }
    return this.#unlisted === "allow" ? FREE : {
      kind: "refused",
      why: `it is not in the schema of policies; add it, or name it in the option "skipTables"`,
    };
  }

  /** A name without schema may be that of a table which is not skipped: then it is not skipped. */
  #isSkippedElsewhere({ name, schema }: TableId): boolean {
    if (schema !== undefined) return false;
    const tables = this.#policed.get(this.#fold(name)) ??
      this.#policed.get(this.#host.physicalName(name)) ?? [];
    return tables.some((table) => !this.#skipped.has(parseTableName(table.table)));
  }

  #choose(
    tables: readonly CompiledTable[],
    schema: string | undefined,
  ): CompiledTable | "several" | undefined {
    const anywhere = tables.find((table) => this.#schemaOf(table) === undefined);
    if (schema === undefined) {
      return anywhere ?? (tables.length === 1 ? tables[0] : "several");
    }
    const spellings = [this.#fold(schema), this.#fold(this.#host.physicalName(schema))];
    return tables.find((table) => spellings.includes(this.#schemaOf(table) ?? "")) ?? anywhere;
  }

  #schemaOf({ table }: CompiledTable): string | undefined {
    const { schema } = parseTableName(table);
    return schema === undefined ? undefined : this.#fold(this.#host.physicalName(schema));
  }

  #fold(name: string): string {
    return this.#host.dialect === "postgres" ? name : name.toLowerCase();
  }
}
