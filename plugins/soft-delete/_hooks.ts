import {
  columnFor,
  type DeleteRewrite,
  type ForeignKey,
  type HookContext,
  namesOfKeys,
  type OptionName,
  parseTableName,
  type PluginHooks,
  type PluginHost,
  type Relation,
  type TableId,
  TableKeys,
  type TableReference,
  TableScope,
} from "@kysera/executor";
import type { Expression, ExpressionBuilder, ExpressionWrapper, SqlBool } from "kysely";
import { blindness, type Tables } from "./_find_tables.ts";
import { ACT, Act, Deletion, onDeleteOf, shownBy } from "./_flags.ts";
import { formatMark, isDeleted, isVisible, markOf } from "./_marks.ts";
import {
  type DeclaredRelation,
  namesOfRelations,
  Relations,
  relationsOfKeys,
  type Tree,
} from "./_relations.ts";
import { PLUGIN_NAME, type Settings } from "./_settings.ts";
import { SoftDeleteError } from "./errors.ts";
import type { OnDelete } from "./options.ts";

type Column = ExpressionWrapper<any, any, any>;

/** What the plugin does, for one executor. */
export class SoftDeleteHooks implements PluginHooks {
  /** The column, as queries of this executor write it. */
  readonly column: string;
  /** The column for the id of a deletion, as queries write it. */
  readonly deletionColumn: string;
  /** What the column of a visible row is set to. */
  readonly visible: unknown;
  readonly stable = true;
  /** Tables that were not known are of interest where all that have the column count. */
  readonly discover?: NonNullable<PluginHooks["discover"]>;
  readonly #settings: Settings;
  readonly #dialect: PluginHost["dialect"];
  readonly #tables: Tables;
  readonly #keys: TableKeys;
  readonly #declared: readonly DeclaredRelation[];
  readonly #relations: Relations;
  readonly #names: TableScope;

  constructor(
    host: PluginHost,
    settings: Settings,
    tables: Tables,
    foreignKeys: readonly ForeignKey[] = [],
  ) {
    this.column = columnFor(host, settings.deletedAtColumn);
    this.deletionColumn = columnFor(host, settings.deletionColumn);
    this.visible = formatMark(settings.visibleValue, host.dialect);
    this.#settings = settings;
    this.#tables = tables;
    if (tables.learn !== undefined) this.discover = tables.learn;
    this.#keys = new TableKeys(host, PLUGIN_NAME, settings.keys, tables.scope, tables.found);
    this.#dialect = host.dialect;
    this.#names = new TableScope(host);
    const isMarked = (table: string): boolean => tables.scope.has(parseTableName(table));
    this.#declared = settings.relations ?? relationsOfKeys(foreignKeys, isMarked);
    this.#relations = new Relations(host, PLUGIN_NAME, this.#declared, isMarked);
  }

  /** What a deletion of rows of a table leads to; `undefined` where nothing belongs to them. */
  treeOf(table: TableId): Tree | undefined {
    return this.#relations.treeOf(table);
  }

  /** The unique columns that a deleted row of a table is found by when another is created. */
  reviveBy(table: TableId): readonly string[] | undefined {
    return this.#settings.reviveBy.find(([entry]) => this.#names.isAbout(entry, table))?.[1];
  }

  /** Whether a key of the database has the columns that rows of a table are revived by. */
  isRevivedBy(table: TableId, key: readonly string[]): boolean {
    const by = this.reviveBy(table);
    return by?.length === key.length &&
      key.every((part) => by.some((column) => this.#names.isColumn(column, part)));
  }

  /** What the database says of the tables, as far as it was asked. */
  get found(): readonly Relation[] {
    return this.#tables.found;
  }

  /** Whether a column of the database says that a row is deleted. */
  isMark(column: string): boolean {
    return this.#names.isColumn(this.#settings.deletedAtColumn, column);
  }

  /** Whether the rows of a table have ids of deletions. */
  hasDeletionId(table: TableId): boolean {
    return this.#relations.hasDeletionId(table);
  }

  /** A deletion that begins now. */
  deletion(): Deletion {
    return new Deletion(this.#settings.now());
  }

  /** The rows of a reference that are not deleted. */
  live(column: Column, eb: ExpressionBuilder<any, any>): Expression<SqlBool> {
    return isVisible(column, this.#settings.visibleValue, this.#dialect, eb);
  }

  /** The rows of a reference that are deleted. */
  deleted(column: Column, eb: ExpressionBuilder<any, any>): Expression<SqlBool> {
    return isDeleted(column, this.#settings.visibleValue, this.#dialect, eb);
  }

  /** The columns of a table's key, where they are configured. */
  keyOf(table: TableId): readonly string[] | undefined {
    return this.#keys.of(table);
  }

  appliesTo(table: TableId): boolean {
    return this.#tables.scope.has(table);
  }

  filter(reference: TableReference, context: HookContext): Expression<SqlBool> | undefined {
    const shown = this.#shown(reference, context);
    if (shown === "all") return undefined;
    const { dialect, eb } = context;
    const column = reference.column(this.column);
    const { visibleValue } = this.#settings;
    if (shown === "deleted") return isDeleted(column, visibleValue, dialect, eb);
    if (this.#tables.blind.has({ name: reference.table, schema: reference.schema })) {
      throw new SoftDeleteError(
        `Cannot filter table "${reference.table}": ` + blindness(reference.table, this.column),
        "NO_ROW_IS_VISIBLE",
      );
    }
    return isVisible(column, visibleValue, dialect, eb);
  }

  rewriteDelete(
    reference: TableReference,
    context: HookContext,
  ): DeleteRewrite | "deny" | undefined {
    const onDelete = onDeleteOf(context.metadata, this.#settings);
    if (onDelete === "deny") return "deny";
    if (onDelete === "hard") return undefined;
    if (shownBy(context.metadata, this.#settings) === "deleted") {
      throw new SoftDeleteError(
        `Cannot delete from "${reference.table}" through a handle that shows deleted rows only: ` +
          `they are deleted already; use hardDelete() to remove them`,
        "ALREADY_DELETED",
      );
    }
    const act = context.metadata[ACT];
    const deletion = act instanceof Deletion ? act : undefined;
    const table = { name: reference.physicalName, schema: reference.schema };
    if (deletion === undefined && this.#relations.treeOf(table) !== undefined) {
      throw new SoftDeleteError(
        `Cannot delete from "${reference.table}" by a DELETE: other rows belong to its rows, which ` +
          "one statement cannot look after; use softDelete(executor, table, rows)",
        "CASCADE_REFUSED",
      );
    }
    const mark = markOf(this.#settings, reference.table, context, deletion?.now);
    if (!this.#relations.hasDeletionId(table)) return { set: { [this.column]: mark } };
    // A row that is deleted by itself has an id of its own: no tree is restored with it.
    const id = deletion?.id ?? context.value(() => crypto.randomUUID());
    return { set: { [this.column]: mark, [this.deletionColumn]: id } };
  }

  optionNames(): OptionName[] {
    const {
      tables = [],
      excludeTables,
      deletedAtColumn,
      keys,
      check,
      deletionColumn,
      reviveBy,
    } = this.#settings;
    if (check === "off") return [];
    return [
      ...tables.flatMap((table) => [
        { option: "tables", table },
        { option: "deletedAtColumn", table, column: deletedAtColumn },
      ]),
      ...excludeTables.map((table) => ({ option: "excludeTables", table })),
      ...namesOfKeys(keys),
      ...namesOfRelations(this.#declared, deletionColumn),
      ...reviveBy.flatMap(([table, columns]) =>
        columns.map((column) => ({ option: "reviveBy", table, column }))
      ),
    ];
  }

  describe(): string[] {
    const { includeDeleted, visibleValue, onDelete } = this.#settings;
    const visible = `whose "${this.column}" is ${String(visibleValue)}`;
    return [
      includeDeleted ? `shows all rows; not deleted are those ${visible}` : `shows rows ${visible}`,
      EFFECT_OF_DELETE[onDelete],
    ];
  }

  #shown(
    { operation }: TableReference,
    { metadata }: HookContext,
  ): "visible" | "deleted" | "all" {
    const shown = shownBy(metadata, this.#settings);
    const act = metadata[ACT];
    if (operation === "update" && act === Act.restore) return "deleted";
    if (operation !== "delete") return shown;
    if (act === Act.hardDelete) return shown === "deleted" ? "deleted" : "all";
    // What is marked already is not marked again.
    return onDeleteOf(metadata, this.#settings) === "soft" ? "visible" : shown;
  }
}

const EFFECT_OF_DELETE: Readonly<Record<OnDelete, string>> = {
  hard: "DELETE removes rows",
  soft: "DELETE marks rows as deleted",
  deny: "DELETE is refused",
};
