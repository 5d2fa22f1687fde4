import type { DialectName } from "@kysera/executor";
import {
  ColumnNode,
  type Expression,
  type OperationNode,
  ReferenceNode,
  SelectionNode,
  sql,
  type TableNode,
} from "kysely";
import { expressionOf } from "../algebra/_predicate.ts";
import { NEVER } from "../policy/_sql.ts";

/** A row, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** What tells the rows of a table apart. */
export interface RowKey {
  /** The columns of its key, as the database names them; none where there is no key. */
  readonly columns: readonly string[];
  /** Whether the catalog says that no two rows share it. */
  readonly isUnique: boolean;
  /** The system column that tells locked rows apart: `ctid`, `rowid`. */
  readonly rowId: string | undefined;
}

/** Columns that are selected beside those of the table. No table has columns of these names. */
const ROW = "kysera:row";
const KEY = "kysera:key";
const PART = "kysera:part:";

/**
 * Tells the rows that a statement touches apart, and finds them again. Rows are compared in the
 * database, by text that is the same for no two values: what a driver makes of a value (a `Date`
 * without its microseconds, a rounded number) never decides.
 *
 * | database          | a row                     | the same row after an UPDATE                |
 * | ----------------- | ------------------------- | ------------------------------------------- |
 * | PostgreSQL        | `tableoid`, `ctid`        | its key, as text that is cast to its types  |
 * | SQLite            | `rowid`                   | `rowid`                                     |
 * | MySQL, and others | its key, as hex or text   | its key                                     |
 */
export class RowIdentity {
  readonly #dialect: DialectName;
  readonly #key: RowKey;
  /** Whether rows are told apart by the system column. */
  readonly #byRowId: boolean;
  /** Whether rows are found again by their key, once they are changed. */
  readonly #findsByKey: boolean;

  constructor(dialect: DialectName, key: RowKey, site: "update" | "delete") {
    this.#dialect = dialect;
    this.#key = key;
    this.#byRowId = key.rowId !== undefined;
    this.#findsByKey = site === "update" && !(dialect === "sqlite" && this.#byRowId);
  }

  /** Whether what tells two rows apart is known to be different for any two of them. */
  get isExact(): boolean {
    return this.#byRowId || this.#key.isUnique;
  }

  /** Whether the columns of a key are needed. */
  get needsKey(): boolean {
    return !this.#byRowId || this.#findsByKey;
  }

  /** What is selected of touched rows, beside their columns. */
  selections(qualifier: TableNode): SelectionNode[] {
    const selected = [select(this.#row(qualifier), ROW)];
    if (!this.#findsByKey) return selected;
    if (this.#byRowId) selected.push(select(this.#keyText(qualifier), KEY));
    for (const [i, column] of this.#key.columns.entries()) {
      const part = expressionOf(reference(qualifier, column));
      if (this.#dialect === "postgres") {
        selected.push(select(sql`pg_catalog.format_type(pg_typeof(${part}), -1)`, `${PART}${i}`));
      } else if (this.#dialect === "mysql") {
        selected.push(select(sql`concat(${part}, '')`, `${PART}${i}`));
      }
    }
    return selected;
  }

  /** What is selected of changed rows, beside their columns. */
  selectionsAgain(table: TableNode): SelectionNode[] {
    return [
      this.#findsByKey ? select(this.#keyText(table), KEY) : select(this.#row(table), ROW),
    ];
  }

  /** The text that tells a touched row from others. */
  rowOf(row: Row): string {
    return String(row[ROW]);
  }

  /** The text that a row has before and after an UPDATE. */
  keyOf(row: Row): string {
    return String(KEY in row ? row[KEY] : row[ROW]);
  }

  /** The row, as it is in the table. */
  bare(row: Row): Row {
    return Object.fromEntries(
      Object.entries(row).filter(([name]) =>
        name !== ROW && name !== KEY && !name.startsWith(PART)
      ),
    );
  }

  /** Returns a condition that holds for touched rows, and no others. */
  isOneOf(qualifier: TableNode, rows: readonly Row[]): OperationNode {
    if (rows.length === 0) return NEVER;
    const texts = rows.map((row) => this.rowOf(row));
    if (!this.#byRowId) return this.#isIn(this.#row(qualifier), texts);
    const rowId = expressionOf(reference(qualifier, this.#key.rowId!));
    if (this.#dialect === "sqlite") {
      return sql`${rowId} in (select value from json_each(${`[${texts.join(",")}]`}))`
        .toOperationNode();
    }
    const tableId = expressionOf(reference(qualifier, "tableoid"));
    const byTable = groupBy(texts, (text) => text.slice(0, text.indexOf("(")));
    const each = [...byTable].map(([table, those]) => {
      const ids = `{${those.map((text) => `"${text.slice(table.length)}"`).join(",")}}`;
      return sql`(${tableId} = cast(cast(${table} as text) as oid)
        and ${rowId} = any(cast(cast(${ids} as text) as tid[])))`;
    });
    return sql`(${sql.join(each, sql` or `)})`.toOperationNode();
  }

  /** Returns a condition that finds touched rows again, after they were changed. */
  isAgainOneOf(table: TableNode, rows: readonly Row[]): OperationNode {
    if (!this.#findsByKey) return this.isOneOf(table, rows);
    const columns = this.#key.columns.map((column) => expressionOf(reference(table, column)));
    const keys = rows.map((row) => this.keyOf(row));
    if (this.#dialect === "postgres") {
      const parts = columns.map((_, i) =>
        sql`cast(k.value ->> ${sql.lit(i)} as ${sql.raw(String(rows[0]![`${PART}${i}`]))})`
      );
      // The columns themselves are compared, so that an index finds the rows.
      return sql`(${sql.join(columns)}) in (select ${sql.join(parts)}
        from json_array_elements(cast(cast(${`[${keys.join(",")}]`} as text) as json)) as k(value))`
        .toOperationNode();
    }
    const exact = this.#isIn(this.#keyText(table), keys);
    if (this.#dialect !== "mysql") return exact;
    // An index finds rows by this, and maybe others too; then the text decides.
    const values = rows.map((row) =>
      sql`(${
        sql.join(this.#key.columns.map((column, i) =>
          row[column] instanceof Uint8Array ? row[column] : row[`${PART}${i}`]
        ))
      })`
    );
    return sql`((${sql.join(columns)}) in (${sql.join(values)}) and ${expressionOf(exact)})`
      .toOperationNode();
  }

  #row(qualifier: TableNode): Expression<unknown> {
    const { rowId } = this.#key;
    if (rowId === undefined) return this.#keyText(qualifier);
    const column = expressionOf(reference(qualifier, rowId));
    if (this.#dialect === "sqlite") return sql`cast(${column} as text)`;
    return sql`cast(${expressionOf(reference(qualifier, "tableoid"))} as text)
      || cast(${column} as text)`;
  }

  /** The key as text, a different one for any two values that the database tells apart. */
  #keyText(qualifier: TableNode): Expression<unknown> {
    const parts = this.#key.columns.map((column) => expressionOf(reference(qualifier, column)));
    switch (this.#dialect) {
      case "postgres":
        return sql`cast(json_build_array(${
          sql.join(parts.map((part) => sql`cast(${part} as text)`))
        }) as text)`;
      case "sqlite":
        return sql.join(
          parts.map((part) =>
            sql`case typeof(${part}) when 'text' then 't' || hex(${part})
              when 'blob' then 'b' || hex(${part}) else quote(${part}) end`
          ),
          sql` || ',' || `,
        );
      case "mysql":
        return sql`concat_ws(',', ${
          sql.join(parts.map((part) => sql`coalesce(hex(concat(${part}, '')), '-')`))
        })`;
      default:
        return sql`concat_ws(',', ${
          sql.join(parts.map((part) =>
            sql`coalesce(convert(varchar(max), convert(varbinary(900), ${part}), 2), '-')`
          ))
        }, '')`;
    }
  }

  #isIn(text: Expression<unknown>, texts: readonly string[]): OperationNode {
    const distinct = [...new Set(texts)];
    switch (this.#dialect) {
      case "postgres":
        return sql`${text} in (select json_array_elements_text(cast(cast(${
          JSON.stringify(distinct)
        } as text) as json)))`.toOperationNode();
      case "sqlite":
        return sql`(${text}) in (select value from json_each(${JSON.stringify(distinct)}))`
          .toOperationNode();
      default:
        return sql`${text} in (${sql.join(distinct)})`.toOperationNode();
    }
  }
}

function reference(qualifier: TableNode, column: string): OperationNode {
  return ReferenceNode.create(ColumnNode.create(column), qualifier);
}

function select(expression: Expression<unknown>, alias: string): SelectionNode {
  return SelectionNode.create(sql`${expression}`.as(alias).toOperationNode());
}

/** Returns things by what a function says of them, in their order. `Map.groupBy` is too new. */
export function groupBy<T>(things: readonly T[], keyOf: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [thing]);
    else known.push(thing);
  }
  return groups;
}
