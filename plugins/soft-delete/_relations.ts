import { assertKnownOptions } from "@kysera/core";
import {
  columnFor,
  type ForeignKey,
  type OptionName,
  type PluginHost,
  type PluginOptions,
  PluginValidationError,
  type TableId,
  TableScope,
} from "@kysera/executor";
import type { OnSoftDelete, SoftDeleteOptions } from "./options.ts";

/** A relation, as the options have it. */
export interface DeclaredRelation {
  readonly table: string;
  readonly columns: readonly string[];
  readonly references: string;
  /** `undefined` for the key of the table. */
  readonly referencedColumns: readonly string[] | undefined;
  readonly onDelete: OnSoftDelete;
}

const MEMBERS: readonly string[] = [
  "table",
  "columns",
  "references",
  "referencedColumns",
  "onDelete",
];

/** Reads the option `relations`. @throws {PluginValidationError} */
export function readRelations(
  { relations = [] }: SoftDeleteOptions,
  read: PluginOptions,
): readonly DeclaredRelation[] | undefined {
  if (relations === "foreign-keys") return undefined;
  if (!Array.isArray(relations)) {
    throw read.invalid('"relations" must be a list of relations, or "foreign-keys"');
  }
  return relations.map((given: unknown, i) => {
    const where = `"relations[${i}]"`;
    assertKnownOptions(given, MEMBERS, {
      subject: where,
      makeError: (problem) => read.invalid(problem),
    });
    const { table, columns, references, referencedColumns, onDelete } = given as Readonly<
      Record<string, unknown>
    >;
    const tableOf = (name: unknown, member: string): string => {
      if (typeof name === "string" && /^[^.]+(?:\.[^.]+)?$/.test(name)) return name;
      throw read.invalid(`${where} has no table in "${member}"; write "table" or "schema.table"`);
    };
    const columnsOf = (names: unknown, member: string): readonly string[] => {
      const list: unknown = typeof names === "string" ? [names] : names;
      const isList = Array.isArray(list) && list.length > 0 && new Set(list).size === list.length &&
        list.every((name) => typeof name === "string" && name !== "" && !name.includes("."));
      if (isList) return list;
      throw read.invalid(
        `${where} has no columns in "${member}"; write a name, or a list of names`,
      );
    };
    if (onDelete !== "cascade" && onDelete !== "restrict") {
      throw read.invalid(`"onDelete" of ${where} must be "cascade" or "restrict"`);
    }
    const own = columnsOf(columns, "columns");
    const referenced = referencedColumns === undefined
      ? undefined
      : columnsOf(referencedColumns, "referencedColumns");
    if (referenced !== undefined && referenced.length !== own.length) {
      throw read.invalid(`${where} has ${own.length} columns that refer to ${referenced.length}`);
    }
    return {
      table: tableOf(table, "table"),
      columns: own,
      references: tableOf(references, "references"),
      referencedColumns: referenced,
      onDelete,
    };
  });
}

/**
 * Returns the relations that foreign keys say, between tables that are soft-deleted:
 *
 * | `ON DELETE`               | relation                                    |
 * | ------------------------- | ------------------------------------------- |
 * | `CASCADE`                 | cascades, if both tables are soft-deleted   |
 * | `RESTRICT`, `NO ACTION`   | restricts                                   |
 * | `SET NULL`, `SET DEFAULT` | none: the row stays, and is found again     |
 */
export function relationsOfKeys(
  keys: readonly ForeignKey[],
  isMarked: (table: string) => boolean,
): readonly DeclaredRelation[] {
  return keys.flatMap(({ onDelete, ...key }): DeclaredRelation[] => {
    if (!isMarked(key.references)) return [];
    switch (onDelete) {
      case "cascade":
        return isMarked(key.table) ? [{ ...key, onDelete }] : [];
      case "restrict":
      case "no action":
        return [{ ...key, onDelete: "restrict" }];
      default:
        return [];
    }
  });
}

/** A relation, as queries of the executor write it. */
export interface Relation extends DeclaredRelation {
  /** Whether rows belong to rows of the same table. */
  readonly isSelf: boolean;
  /** Whether the rows that belong to others are soft-deleted. */
  readonly isMarked: boolean;
}

/** What a deletion of rows of a table leads to. */
export interface Tree {
  /** The relations that cascade, those first from whose tables others are reached. */
  readonly cascades: readonly Relation[];
  /** The relations that restrict the deletion of some row of the tree. */
  readonly restricts: readonly Relation[];
}

/** The relations between the tables of an executor. */
export class Relations {
  readonly #relations: readonly Relation[];
  readonly #names: TableScope;
  readonly #trees = new Map<string, Tree | undefined>();

  /**
   * Creates the relations.
   *
   * @throws {PluginValidationError} for a table that is not soft-deleted, and for a cycle of tables
   */
  constructor(
    host: PluginHost,
    plugin: string,
    declared: readonly DeclaredRelation[],
    isMarked: (table: string) => boolean,
  ) {
    this.#names = new TableScope(host);
    const failure = (problem: string): PluginValidationError =>
      new PluginValidationError(
        `Cannot start plugin "${plugin}": ${problem}`,
        "INITIALIZATION_FAILED",
        { pluginName: plugin },
      );
    const columns = (names: readonly string[]): string[] => names.map((n) => columnFor(host, n));
    this.#relations = declared.map((relation) => {
      const { table, references, referencedColumns, onDelete } = relation;
      for (const each of onDelete === "cascade" ? [references, table] : [references]) {
        if (isMarked(each)) continue;
        throw failure(
          `"relations" names table "${each}", to which the plugin does not apply; give it the ` +
            'column, or add it to the option "tables"',
        );
      }
      return {
        ...relation,
        columns: columns(relation.columns),
        referencedColumns: referencedColumns && columns(referencedColumns),
        isSelf: this.#isSame(table, references),
        isMarked: isMarked(table),
      };
    });
    for (const { references } of this.#relations) {
      const cycle = this.#cycleFrom(references, []);
      if (cycle === undefined) continue;
      throw failure(
        `the relations that cascade form a cycle (${cycle.join(" -> ")}); have one of them ` +
          '"restrict", or leave it out',
      );
    }
  }

  /** Whether rows of a table are part of trees: their deletions have ids. */
  hasDeletionId(table: TableId): boolean {
    return this.#relations.some(({ table: child, references, onDelete }) =>
      onDelete === "cascade" &&
      (this.#names.isAbout(child, table) || this.#names.isAbout(references, table))
    );
  }

  /** Returns what a deletion of rows of a table leads to; `undefined` where nothing belongs to it. */
  treeOf(table: TableId): Tree | undefined {
    const key = `${table.schema ?? ""}\0${table.name}`;
    if (!this.#trees.has(key)) {
      const roots = this.#relations.filter(({ references }) =>
        this.#names.isAbout(references, table)
      );
      const tree = roots.length === 0 ? undefined : this.#treeFrom(roots[0]!.references);
      this.#trees.set(key, tree);
    }
    return this.#trees.get(key);
  }

  #treeFrom(root: string): Tree {
    const done: string[] = [];
    // Depth first; reversed, a table comes after all those that it is reached from.
    const visit = (table: string): void => {
      if (done.some((each) => this.#isSame(each, table))) return;
      for (const { table: child, isSelf } of this.#cascadesOf(table)) if (!isSelf) visit(child);
      done.push(table);
    };
    visit(root);
    const order = done.reverse();
    const into = (table: string): Relation[] =>
      this.#relations.filter(({ table: child, references, onDelete }) =>
        onDelete === "cascade" && this.#isSame(child, table) &&
        order.some((each) => this.#isSame(each, references))
      );
    return {
      // Rows that belong to rows of their own table come after those that were reached from others.
      cascades: order.flatMap((table) => {
        const relations = into(table);
        return [
          ...relations.filter(({ isSelf }) => !isSelf),
          ...relations.filter(({ isSelf }) => isSelf),
        ];
      }),
      restricts: this.#relations.filter(({ references, onDelete }) =>
        onDelete === "restrict" && order.some((each) => this.#isSame(each, references))
      ),
    };
  }

  #cascadesOf(table: string): Relation[] {
    return this.#relations.filter(({ references, onDelete }) =>
      onDelete === "cascade" && this.#isSame(references, table)
    );
  }

  #cycleFrom(table: string, path: readonly string[]): readonly string[] | undefined {
    const start = path.findIndex((each) => this.#isSame(each, table));
    if (start >= 0) return [...path.slice(start), table];
    for (const { table: child, isSelf } of this.#cascadesOf(table)) {
      if (isSelf) continue;
      const cycle = this.#cycleFrom(child, [...path, table]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  }

  #isSame(a: string, b: string): boolean {
    const dot = b.indexOf(".");
    return this.#names.isAbout(
      a,
      dot < 0 ? { name: b } : { name: b.slice(dot + 1), schema: b.slice(0, dot) },
    );
  }
}

/** Returns the names that the option `relations` holds. */
export function namesOfRelations(
  relations: readonly DeclaredRelation[],
  deletionColumn: string,
): OptionName[] {
  return relations.flatMap(
    ({ table, columns, references, referencedColumns = [], onDelete }, i) => {
      const option = `relations[${i}]`;
      return [
        ...columns.map((column) => ({ option, table, column })),
        { option, table: references },
        ...referencedColumns.map((column) => ({ option, table: references, column })),
        ...onDelete === "cascade"
          ? [table, references].map((table) => ({
            option: "deletionColumn",
            table,
            column: deletionColumn,
          }))
          : [],
      ];
    },
  );
}
