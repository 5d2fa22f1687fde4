import type { Dialect } from "@kysera/core";
import type { AccessCondition, ExplainedAccess } from "@kysera/rls";
import { inlineParameters } from "../sql/_inline_parameters.ts";

/** One cell of the matrix: what a principal may do with a table. */
export interface Access {
  readonly principal: string;
  readonly table: string;
  readonly operation: ExplainedAccess["operation"];
  readonly outcome: ExplainedAccess["outcome"];
  /** What a row that is there must satisfy, with its values. */
  readonly rows: string | null;
  /** What a row must satisfy as it is written. */
  readonly newRows: string | null;
  /** The columns that the principal may not read, or not write, and of which rows it may. */
  readonly columns: readonly ColumnAccess[];
  readonly policies: readonly string[];
  readonly reason: string | null;
}

/** What a principal may not do with a column. */
export interface ColumnAccess {
  readonly column: string;
  readonly access: ExplainedAccess["columns"][number]["access"];
  /** Of which rows it is read, where it is masked in others. */
  readonly rows: string | null;
}

/** A cell of what was explained. */
export function accessOf(
  principal: string,
  { table, operation, outcome, rows, newRows, columns, policies, reason }: ExplainedAccess,
  dialect: Dialect,
): Access {
  return {
    principal,
    table,
    operation,
    outcome,
    rows: conditionText(rows, dialect),
    newRows: conditionText(newRows, dialect),
    columns: columns.map(({ column, access, rows: read }) => ({
      column,
      access,
      rows: conditionText(read, dialect),
    })),
    policies: [...new Set(policies.map(({ name }) => name))],
    reason: reason ?? null,
  };
}

/** What is asked of rows, in words; `undefined` where nothing is. */
export function conditionsOf({ rows, newRows, columns }: Access): string | undefined {
  const parts = [
    ...rows === null ? [] : [`rows: ${rows}`],
    ...newRows === null ? [] : [`${rows === null ? "new rows" : "as written"}: ${newRows}`],
    ...columns.map(({ column, access, rows: read }) =>
      access === "masked" ? `"${column}" of rows: ${read}` : `"${column}" is ${access}`
    ),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** The whole of a cell on one line. */
export function accessText(access: Access): string {
  const conditions = conditionsOf(access);
  switch (access.outcome) {
    case "some":
      return `some ${conditions}`;
    case "none":
      return `none: ${access.reason}`;
    case "exempt":
      return "all: the policies do not apply to the principal";
    case "free":
      return "all: no policy applies to the table";
    case "all":
      return conditions === undefined ? "all" : `all, but ${conditions}`;
  }
}

function conditionText(
  condition: AccessCondition | undefined,
  dialect: Dialect,
): string | null {
  if (condition === undefined) return null;
  const { sql, parameters } = condition;
  return inlineParameters(sql, parameters, dialect).replaceAll(/\s*\n\s*/g, " ");
}
