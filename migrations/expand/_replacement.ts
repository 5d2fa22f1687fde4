import { assertKnownOptions, BadRequestError } from "@kysera/core";
import {
  type AlterTableNode,
  type DropColumnNode,
  type Expression,
  type Kysely,
  type RawBuilder,
  sql,
} from "kysely";
import type { ColumnType, ReplaceColumnOptions } from "./expand_and_contract.ts";

/** A column that takes the place of another one; the options, looked at. */
export interface Replacement {
  /** What the names of the migrations and triggers begin with. */
  readonly name: string;
  readonly table: string;
  /** The schema in the name of the table. */
  readonly schema: string | undefined;
  readonly key: readonly string[];
  readonly old: string;
  readonly oldType: ColumnType | undefined;
  /** Whether the old column refuses NULL. */
  readonly oldNotNull: boolean;
  readonly now: string;
  readonly nowType: ColumnType;
  readonly notNull: boolean;
  /** For how long a lock of the table is waited, in milliseconds. */
  readonly lockTimeout: number;
  /** What the new column holds for a value of the old one. */
  forward(value: Expression<unknown>): Expression<unknown>;
  /** What the old column holds for a value of the new one. */
  backward(value: Expression<unknown>): Expression<unknown>;
}

const ACTION = "expand and contract";
const OPTIONS: Readonly<Record<keyof ReplaceColumnOptions, true>> = {
  name: true,
  table: true,
  key: true,
  from: true,
  to: true,
  forward: true,
  backward: true,
  size: true,
  throttle: true,
  lockTimeout: true,
  onProgress: true,
  signal: true,
};
/** Names of triggers and functions have 63 bytes at most; this is what is added to them. */
const LONGEST_NAME = 63 - "_sync_insert".length;

/**
 * Reads the options.
 *
 * @throws {BadRequestError} if one is wrong
 */
export function replacementOf(options: ReplaceColumnOptions): Replacement {
  assertKnownOptions(options, Object.keys(OPTIONS), { action: ACTION });
  const { table, key, from, to, forward = same, backward = same, lockTimeout = 5000 } = options;
  const dot = typeof table === "string" ? table.indexOf(".") : -1;
  const old: Exclude<ReplaceColumnOptions["from"], string> = typeof from === "string"
    ? { name: from }
    : from;
  const columns = typeof key === "string" ? [key] : [...key ?? []];
  const {
    name = `${String(table).slice(dot + 1)}_${to?.name}`,
  } = options;
  for (
    const [what, value] of Object.entries({
      table,
      name,
      from: old?.name,
      "to.name": to?.name,
      ...columns.length === 0 ? { key: undefined } : Object.fromEntries(
        columns.map((column, index) => [`key[${index}]`, column]),
      ),
    })
  ) {
    if (typeof value !== "string" || value === "") {
      throw refuse(`the option "${what}" has to be a name`);
    }
  }
  if (to.type === undefined) throw refuse('the option "to.type" has to be the type of the column');
  if (old.name === to.name) {
    throw refuse(
      `the new column needs another name than "${to.name}", as both are there for a while`,
    );
  }
  if (new TextEncoder().encode(name).length > LONGEST_NAME) {
    throw refuse(`the name "${name}" has more than ${LONGEST_NAME} bytes; give the option "name"`);
  }
  if (typeof forward !== "function" || typeof backward !== "function") {
    throw refuse('the options "forward" and "backward" have to be functions');
  }
  if (!Number.isInteger(lockTimeout) || lockTimeout < 1) {
    throw refuse('the option "lockTimeout" has to be a whole number of milliseconds, from 1 on');
  }
  return {
    name,
    table,
    schema: dot < 0 ? undefined : table.slice(0, dot),
    key: columns,
    old: old.name,
    oldType: old.type,
    oldNotNull: old.notNull ?? false,
    now: to.name,
    nowType: to.type,
    notNull: to.notNull ?? false,
    lockTimeout,
    forward,
    backward,
  };
}

/**
 * Returns the replacement with the names that the database has: `withSchema()` and plugins that change
 * names reach builders, and neither catalogs nor triggers.
 */
export function namedIn(db: Kysely<any>, replacement: Replacement): Replacement {
  const drop = (column: string) => {
    const { query } = db.schema.alterTable(replacement.table).dropColumn(column).compile();
    const { table, columnAlterations } = query as AlterTableNode;
    const [alteration] = columnAlterations as readonly DropColumnNode[];
    return { table: table.table, column: alteration!.column.column.name };
  };
  const { table, column } = drop(replacement.old);
  const schema = table.schema?.name;
  return {
    ...replacement,
    schema,
    table: schema === undefined ? table.identifier.name : `${schema}.${table.identifier.name}`,
    key: replacement.key.map((name) => drop(name).column),
    old: column,
    now: drop(replacement.now).column,
  };
}

/** Returns the name of the table without its schema. */
export function bareName({ table }: Replacement): string {
  return table.slice(table.indexOf(".") + 1);
}

/** Returns the error that the old column is not there. */
export function missing({ table, old }: Replacement): BadRequestError {
  return refuse(`table "${table}" is not there, or has no column "${old}"`);
}

/** Returns an error about a replacement. */
export function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot ${ACTION}: ${problem}`);
}

/** Returns a column of the row that a trigger is about. */
export function rowRef(row: "new" | "old", column: string): RawBuilder<unknown> {
  // NEW and OLD are words of the language of triggers, and no tables.
  return row === "new" ? sql`new.${sql.id(column)}` : sql`old.${sql.id(column)}`;
}

/**
 * Returns the text of a statement of a trigger, which cannot have parameters.
 *
 * @throws {BadRequestError} if it has
 */
export function withoutParameters(db: Kysely<any>, statement: RawBuilder<unknown>): string {
  const { sql: text, parameters } = statement.compile(db);
  if (parameters.length === 0) return text;
  throw refuse(
    '"forward" and "backward" become part of a trigger, which takes no parameters: write values with ' +
      "sql.lit()",
  );
}

/** The name of a trigger, or of its function. */
export function syncName({ name }: Replacement, what: "insert" | "update" | ""): string {
  return what === "" ? `${name}_sync` : `${name}_sync_${what}`;
}

function same(value: Expression<unknown>): Expression<unknown> {
  return value;
}
