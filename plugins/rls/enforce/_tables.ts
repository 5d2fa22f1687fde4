import { didYouMean } from "@kysera/core";
import {
  catalogHoldsValues,
  isCatalogTable,
  notUnique,
  parseTableName,
  type PluginHost,
  type Relation,
  type RelationColumn,
  type TableId,
  TableScope,
  uniqueKeyIn,
} from "@kysera/executor";
import { RLSSchemaError } from "../contract/errors.ts";
import type { RowKey } from "./_row_identity.ts";
import type { CompiledTable, PolicyRegistry } from "../policy/policy_registry.ts";

type NameHost = Pick<PluginHost, "dialect" | "physicalName" | "physicalColumn">;

/** What row-level security has to say about a table. */
export type Standing =
  | { readonly kind: "policed"; readonly table: CompiledTable }
  /** Nothing at all. */
  | { readonly kind: "free" }
  /** That it may not be used. */
  | { readonly kind: "refused"; readonly why: string };

/** The names of SQLite's rowid: to assign one is to move the row. */
const ROW_IDS: readonly string[] = ["rowid", "_rowid_", "oid"];

const FREE: Standing = { kind: "free" };

/** Tables by the names that queries have for them. */
export class Tables {
  readonly #host: NameHost;
  /** The tables of the schema, by physical name. */
  readonly #policed = new Map<string, CompiledTable[]>();
  readonly #named: readonly TableId[];
  readonly #skipped: TableScope;
  readonly #unlisted: "allow" | "deny";
  /** What the database says of tables and views, by their names; the one first that a name finds. */
  readonly #relations = new Map<string, readonly Relation[]>();

  /**
   * Makes it.
   *
   * @param host says how names are compared
   * @param registry the policies
   * @param skipTables tables that no policy is for
   * @param unlisted how the others are treated
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
    this.#named = [...registry.tables().map(({ table }) => table), ...skipTables].map((entry) => {
      const { name, schema } = parseTableName(entry);
      return {
        name: host.physicalName(name),
        schema: schema === undefined ? undefined : host.physicalName(schema),
      };
    });
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

  /** Returns the tables that the schema and the options name, by their physical names. */
  named(): readonly TableId[] {
    return this.#named;
  }

  /** Takes what the database says of a table or view. */
  addRelation(relation: Relation): void {
    const key = this.#fold(relation.name);
    const known = this.#relations.get(key) ?? [];
    const others = known.filter(({ schema }) => schema !== relation.schema);
    this.#relations.set(key, [...others, relation]);
  }

  /** Takes what the database says of a name, in place of what was known of it. */
  learn({ name, schema }: TableId, found: readonly Relation[]): void {
    const known = this.#relations.get(this.#fold(name)) ?? [];
    const kept = schema === undefined
      ? []
      : known.filter((each) =>
        !found.some((other) => other.schema === each.schema) && !this.#isOf(each, schema)
      );
    this.#relations.set(this.#fold(name), [...found, ...kept]);
  }

  /** The columns of a table. @throws {RLSSchemaError} where they are not known */
  columnsOf(id: TableId): readonly string[] {
    const [relation] = this.#relationsOf(id);
    if (relation !== undefined) return relation.columns.map(({ name }) => name);
    throw new RLSSchemaError(
      `${id.name}.columns`,
      "the columns of the table are not known, and one must not be read by everybody; make the " +
        "executor with createExecutor(), when the table is there",
    );
  }

  /** Returns the columns of a table; `undefined` where they are not known. */
  knownColumns(id: TableId): readonly string[] | undefined {
    return this.#only(id)?.columns.map(({ name }) => name);
  }

  /** Returns the columns of each unique key of a table; empty where they are not known. */
  uniqueKeysOf(id: TableId): readonly (readonly string[])[] {
    const { keys = [], uniques = [] } = this.#only(id) ?? {};
    const known = new Map([...keys, ...uniques].map((key) => [key.join("\0"), key]));
    return [...known.values()];
  }

  /** Returns what is wrong with a column that a policy names; `undefined` if the table has it. */
  problemOf(id: TableId): (column: string) => string | undefined {
    const found = this.#relationsOf(id);
    return (column) => {
      if (found.length === 0 || found.some((each) => this.#skipped.hasColumn(each, column))) {
        return undefined;
      }
      const known = found.flatMap(({ columns }) => columns.map(({ name }) => name));
      return `it names column "${column}", which the table does not have${
        didYouMean(column, known)
      }`;
    };
  }

  /**
   * Returns what tells the rows of a table apart.
   *
   * @throws {RLSSchemaError} if the key that the schema names is not unique in the catalog
   */
  keyOf(id: TableId, table: CompiledTable): RowKey {
    const relation = this.#only(id);
    const configured = table.primaryKey?.map((column) => this.#host.physicalColumn(column));
    if (relation === undefined) {
      return { columns: configured ?? ["id"], isUnique: false, rowId: undefined };
    }
    const { rowId, keys } = relation;
    if (configured === undefined && keys.length > 0) {
      return { columns: keys[0]!, isUnique: this.#isNeverNull(relation, keys[0]!), rowId };
    }
    const has = ({ name }: { readonly name: string }): boolean =>
      this.#fold(name) === this.#fold("id");
    const columns = configured ?? (relation.columns.some(has) ? ["id"] : []);
    const fold = (name: string): string => this.#fold(name);
    const unique = uniqueKeyIn(relation, columns, fold);
    if (
      unique === undefined && configured !== undefined && keys.length > 0 &&
      // Names are checked elsewhere.
      configured.every((column) => this.#skipped.hasColumn(relation, column))
    ) {
      throw new RLSSchemaError(
        `${table.table}.primaryKey`,
        `${notUnique(relation, configured)}; it is taken where nothing is named`,
      );
    }
    const isUnique = unique !== undefined && this.#isNeverNull(relation, unique);
    return { columns, isUnique, rowId };
  }

  /** Whether an UPDATE must leave a column as it is, for its rows to be found again. */
  isFixed(id: TableId, key: RowKey): (column: string) => boolean {
    const relation = this.#only(id);
    const names = new Set(
      [...key.columns, ...relation?.keys[0] ?? []].map((name) => this.#fold(name)),
    );
    if (key.rowId !== undefined) {
      const taken = new Set(relation?.columns.map(({ name }) => this.#fold(name)));
      for (const name of ROW_IDS) if (!taken.has(name)) names.add(name);
    }
    return (column) =>
      names.has(this.#fold(column)) || names.has(this.#fold(this.#host.physicalColumn(column)));
  }

  /** Checks the keys that the schema names. @throws {RLSSchemaError} */
  checkKeys(): void {
    for (const tables of this.#policed.values()) {
      for (const table of tables) {
        const { name, schema } = parseTableName(table.table);
        this.keyOf({
          name: this.#host.physicalName(name),
          schema: schema === undefined ? undefined : this.#host.physicalName(schema),
        }, table);
      }
    }
  }

  /** The one table that a name finds. */
  #only(id: TableId): Relation | undefined {
    const found = this.#relationsOf(id);
    return found.length === 1 ? found[0] : undefined;
  }

  /** SQLite takes NULL for the key of several rows, where it is not a rowid. */
  #isNeverNull({ columns }: Relation, key: readonly string[]): boolean {
    const names = new Set(key.map((name) => this.#fold(name)));
    return this.#host.dialect !== "sqlite" ||
      columns.every(({ name, isNullable }) => !isNullable || !names.has(this.#fold(name)));
  }

  /** Returns true if triggers may change the rows of a table before they are stored. */
  hasTriggers(id: TableId): boolean {
    return this.#relationsOf(id).some(({ hasTriggers }) => hasTriggers === true);
  }

  /** Returns what the catalog says of the columns of a table; empty where it is not known. */
  catalogOf(id: TableId): readonly RelationColumn[] {
    return this.#relationsOf(id)[0]?.columns ?? [];
  }

  /** What a name may stand for; of a name without schema, what the database finds first. */
  #relationsOf({ name, schema }: TableId): readonly Relation[] {
    const found = this.#relations.get(this.#fold(name)) ??
      this.#relations.get(this.#host.physicalName(name)) ?? [];
    if (schema !== undefined) return found.filter((relation) => this.#isOf(relation, schema));
    const visible = found.find(({ isVisible }) => isVisible);
    return visible === undefined ? found : [visible];
  }

  #isOf(relation: Relation, schema: string): boolean {
    if (relation.schema === undefined) return true;
    const own = this.#fold(relation.schema);
    return own === this.#fold(schema) || own === this.#fold(this.#host.physicalName(schema));
  }

  /** Whether there is anything to say about a table. */
  concerns(table: TableId): boolean {
    return this.standingOf(table).kind !== "free";
  }

  /** Returns true if the schema or the option `skipTables` names a table. */
  isNamed(id: TableId): boolean {
    const standing = this.standingOf(id);
    return standing.kind === "policed" || (standing.kind === "free" && this.#skipped.has(id));
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
    if (catalogHoldsValues(id, this.#host.dialect)) {
      return {
        kind: "refused",
        why:
          "it belongs to the database itself, and shows values of rows that policies may hide; " +
          `name it in the option "skipTables" if callers may see them`,
      };
    }
    const { dialect } = this.#host;
    const views = this.#relationsOf(id).filter(({ isView }) => isView);
    if (views.some(({ name, schema }) => !isCatalogTable({ name, schema }, dialect))) {
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
