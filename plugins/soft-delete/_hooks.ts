import {
  columnFor,
  type DeleteRewrite,
  type HookContext,
  namesOfKeys,
  type OptionName,
  type PluginHooks,
  type PluginHost,
  type TableId,
  TableKeys,
  type TableReference,
} from "@kysera/executor";
import type { Expression, SqlBool } from "kysely";
import { blindness, type Tables } from "./_find_tables.ts";
import { ACT, Act, onDeleteOf, shownBy } from "./_flags.ts";
import { formatMark, isDeleted, isVisible, markOf } from "./_marks.ts";
import { PLUGIN_NAME, type Settings } from "./_settings.ts";
import { SoftDeleteError } from "./errors.ts";
import type { OnDelete } from "./options.ts";

/** What the plugin does, for one executor. */
export class SoftDeleteHooks implements PluginHooks {
  /** The column, as queries of this executor write it. */
  readonly column: string;
  /** What the column of a visible row is set to. */
  readonly visible: unknown;
  readonly stable = true;
  /** Tables that were not known are of interest where all that have the column count. */
  readonly discover?: NonNullable<PluginHooks["discover"]>;
  readonly #settings: Settings;
  readonly #tables: Tables;
  readonly #keys: TableKeys;

  constructor(host: PluginHost, settings: Settings, tables: Tables) {
    this.column = columnFor(host, settings.deletedAtColumn);
    this.visible = formatMark(settings.visibleValue, host.dialect);
    this.#settings = settings;
    this.#tables = tables;
    if (tables.learn !== undefined) this.discover = tables.learn;
    this.#keys = new TableKeys(host, PLUGIN_NAME, settings.keys, tables.scope, tables.found);
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
    return { set: { [this.column]: markOf(this.#settings, reference.table, context) } };
  }

  optionNames(): OptionName[] {
    const { tables = [], excludeTables, deletedAtColumn, keys, check } = this.#settings;
    if (check === "off") return [];
    return [
      ...tables.flatMap((table) => [
        { option: "tables", table },
        { option: "deletedAtColumn", table, column: deletedAtColumn },
      ]),
      ...excludeTables.map((table) => ({ option: "excludeTables", table })),
      ...namesOfKeys(keys),
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
