import { type Expression, type OperationNode, sql } from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { columnName, valueLists } from "../../sql/_insert_values.ts";
import { id, joined, partsOf, q } from "../../sql/_nodes.ts";
import type { AuditedWrite } from "./_parts.ts";
import { rowImage } from "./_row_image.ts";

/** The rows that an upsert would meet, before PostgreSQL 18. */
export interface UpsertBefore {
  /** Reads and locks them. */
  readonly rows: Expression<any>;
  /** Whether a row `o` of them is the one that became `w`. */
  readonly match: Expression<any>;
  /** Whether a row `o` of them is the one that the upsert meets. */
  readonly isOld: Expression<any>;
}

/**
 * Finds the rows that an upsert would meet by the values of the columns in ON CONFLICT.
 *
 * @param inner the WITH that its own subqueries may name
 * @throws {AuditNotPossibleError} where ON CONFLICT names no columns, or the upsert changes them
 */
export function oldOfUpsert(
  { node, alias, table }: AuditedWrite,
  inner: Expression<any>,
): UpsertBefore {
  const { onConflict, columns = [], values, into } = partsOf(node);
  const names = onConflict?.columns?.map(({ column }) => column.name);
  if (names === undefined || names.length === 0) {
    throw new AuditNotPossibleError(
      table.label,
      "before PostgreSQL 18 the rows that an upsert meets are known only where ON CONFLICT names " +
        "columns; write .onConflict((oc) => oc.columns([..]))",
    );
  }
  for (const update of onConflict?.updates ?? []) {
    const { column, value } = update as { column?: OperationNode; value?: OperationNode };
    const name = columnName(column);
    if (!names.includes(name ?? "") || isExcluded(value, name)) continue;
    throw new AuditNotPossibleError(
      table.label,
      `before PostgreSQL 18 an upsert must not change the column "${name}" that it finds rows by`,
    );
  }
  const places = names.map((name) => columns.findIndex(({ column }) => column.name === name));
  const target = id(alias);
  const rows = (condition: Expression<any>): Expression<any> =>
    sql`(${inner}select ${rowImage(table, alias)} as kysera_old from ${
      q(into!)
    } where ${condition} for update)`;
  const match = joined(
    names.map((name) => sql`o.kysera_old->${name}::text = w.kysera_new->${name}::text`),
    " and ",
  );
  const isOld = joined(
    names.map((name) => sql`o.kysera_old->${name}::text = to_jsonb(${target}.${id(name)})`),
    " and ",
  );
  // A column that is not given has its default, which is a new value or meets nobody.
  if (places.some((place) => place < 0)) return { rows: rows(sql`false`), match, isOld };
  const lists = valueLists(values);
  if (lists === undefined) {
    const given = columns.map((_, i) => id(`c${i}`));
    const source = sql`select 1 from (${q(values!)}) as kysera_source(${sql.join(given)}) where ${
      joined(
        names.map((name, i) => sql`kysera_source.${id(`c${places[i]}`)} = ${target}.${id(name)}`),
        " and ",
      )
    }`;
    return { rows: rows(sql`exists (${source})`), match, isOld };
  }
  const conditions = lists.map((list) =>
    sql`(${
      joined(
        names.map((name, i) => sql`${target}.${id(name)} = ${list[places[i]!]!}`),
        " and ",
      )
    })`
  );
  if (names.length === 1) {
    const all = lists.map((list) => list[places[0]!]!);
    return { rows: rows(sql`${target}.${id(names[0]!)} in (${sql.join(all)})`), match, isOld };
  }
  return { rows: rows(joined(conditions, " or ")), match, isOld };
}

/** Whether a column is set to what it was to be inserted with. */
function isExcluded(value: OperationNode | undefined, name: string | undefined): boolean {
  if (value?.kind !== "ReferenceNode") return false;
  const { table } = value as { table?: { table?: { identifier?: { name: string } } } };
  return table?.table?.identifier?.name === "excluded" && columnName(value) === name;
}
