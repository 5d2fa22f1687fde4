import { type Expression, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { type JsonValue, stringifyExact } from "../../sql/_json.ts";
import { id, joined, q, tableNode } from "../../sql/_nodes.ts";
import { type Target, untext } from "../common/_before.ts";
import { imageOf } from "../common/_image.ts";
import { auditTableOf, log, OWN_COLUMNS, SHARED_COLUMNS, sharedOf } from "../common/_log.ts";
import type { Change } from "../common/_table.ts";
import { ROWS } from "./_rows.ts";
import { ask, entity, parse, type SqliteWork } from "./_work.ts";

/** A row that a write touched, or may have. */
export interface Touched {
  readonly entity: string | null;
  readonly before: string | null;
  /** What it is found by now; `null` where it is gone. */
  readonly handle: string | null;
  /** Whether it is an entry only if it differs from what it was. */
  readonly maybe: boolean;
}
/** A row of which both images are known. */
export interface Known {
  /** Its key, as a JSON list. */
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Writes the entries of rows whose images are known. */
export async function writeKnown(
  work: SqliteWork,
  { table }: Target,
  rows: readonly Known[],
): Promise<void> {
  if (rows.length === 0) return;
  const { to } = work;
  const { captureNewValues, captureOldValues, hashChain } = to.settings;
  const changes = rows.map(({ key, before, after }): Change => ({
    table: table.label,
    key: entity(key),
    operation: operationIn(table, before, after),
    before,
    after,
  }));
  if (hashChain !== undefined) {
    await log(work.run, to, changes);
    return;
  }
  const kept = changes.filter(({ before, after }) =>
    (captureOldValues && before !== null) || (captureNewValues && after !== null)
  );
  const [first] = kept;
  if (first === undefined) return;
  const into = sql`insert into ${auditTableOf(to)} (${OWN_COLUMNS}, ${SHARED_COLUMNS})`;
  if (kept.length === 1) {
    await ask(
      work,
      table,
      "one known entry",
      {
        ...to.values,
        entity: first.key,
        operation: first.operation,
        before: captureOldValues ? first.before : null,
        after: captureNewValues ? first.after : null,
      },
      ({ entity, operation, before, after, ...values }) =>
        sql`${into} values (${table.label}, ${entity}, ${operation}, ${before}, ${after}, null,
        ${sharedOf({ ...to, values })})`,
    );
    return;
  }
  const given = JSON.stringify(
    kept.map(({ key, operation, before, after }) => [
      key,
      operation,
      captureOldValues ? before : null,
      captureNewValues ? after : null,
    ]),
  );
  await ask(
    work,
    table,
    "known entries",
    { ...to.values, given },
    ({ given, ...values }) =>
      sql`${into} select ${table.label}, json_extract(e.value, '$[0]'),
      json_extract(e.value, '$[1]'), json_extract(e.value, '$[2]'), json_extract(e.value, '$[3]'),
      null, ${sharedOf({ ...to, values })} from json_each(${given}) as e order by e.key`,
  );
}

/** What a write did to a row; the same as {@linkcode operationOf} says in SQL. */
function operationIn(
  { deletedAt, kept }: Target["table"],
  before: string | null,
  after: string | null,
): string {
  if (before === null) return "INSERT";
  if (after === null) return "DELETE";
  if (deletedAt === undefined || !kept.some(({ name }) => name === deletedAt)) return "UPDATE";
  const was = JSON.parse(before)[deletedAt] !== null;
  const is = JSON.parse(after)[deletedAt] !== null;
  return was === is ? "UPDATE" : is ? "SOFT_DELETE" : "RESTORE";
}

/** Writes the entries of rows, with their values as they are now. */
export async function writeEntries(
  work: SqliteWork,
  target: Target,
  touched: readonly Touched[],
): Promise<void> {
  if (touched.length === 0) return;
  const { to } = work;
  const { settings } = to;
  const given = stringifyExact(
    touched.map((row) => [
      row.entity,
      row.before,
      row.handle === null ? null : handleValues(row.handle, target),
      row.maybe ? 1 : 0,
    ]),
  );
  // Where nothing is to be found, nothing is looked for.
  const looks = touched.some((row) => row.handle !== null);
  if (settings.hashChain === undefined) {
    const name = looks ? "entries" : "entries of rows that are gone";
    await ask(
      work,
      target.table,
      name,
      { ...to.values, given },
      ({ given, ...values }) =>
        sql`insert into ${auditTableOf(to)} (${OWN_COLUMNS}, ${SHARED_COLUMNS})
        select label, entity, op, b, a, null, ${sharedOf({ ...to, values })}
        from (${entriesOf(target, settings, given, looks)})`,
    );
    return;
  }
  const { rows: found } = await work.run(
    sql`select label, entity, op, ':' || b as b, ':' || a as a
      from (${entriesOf(target, settings, given, looks)})`,
  );
  await log(
    work.run,
    to,
    found.map((row): Change => ({
      table: String(row["label"]),
      key: row["entity"] === null ? null : String(row["entity"]),
      operation: String(row["op"]),
      before: row["b"] === null ? null : untext(row["b"]),
      after: row["a"] === null ? null : untext(row["a"]),
    })),
  );
}

/** The SELECT of entries from JSON of the rows that a write touched. */
function entriesOf(
  target: Target,
  settings: Settings,
  given: string,
  looks: boolean,
): Expression<any> {
  const { table, handle } = target;
  const isSame = handle.map((name, i) =>
    sql`t.${id(name)} is json_extract(e.value, ${`$[2][${i}]`})`
  );
  const now = looks
    ? sql`case when json_type(e.value, '$[2]') = 'array' then (select ${
      imageOf(table, "t", ROWS)
    } from ${q(tableNode(table.name, table.schema))} as t where ${joined(isSame, " and ")}) end`
    : sql`null`;
  const rows = sql`select e.key as n, json_extract(e.value, '$[0]') as entity,
    json_extract(e.value, '$[1]') as b, ${now} as a, json_extract(e.value, '$[3]') as maybe
    from json_each(${given}) as e`;
  return sql`select ${table.label} as label, entity, ${operationOf(target)} as op,
    ${settings.captureOldValues ? sql`b` : sql`null`} as b,
    ${settings.captureNewValues ? sql`a` : sql`null`} as a
    from (${rows}) where (b is not null or a is not null) and (maybe = 0 or a is not b) order by n`;
}

/** What a write did to a row, as SQL over its images `b` and `a`. */
export function operationOf({ table }: Target): Expression<any> {
  const { deletedAt, kept } = table;
  const known = deletedAt !== undefined && kept.some(({ name }) => name === deletedAt);
  if (!known) {
    return sql`case when b is null then 'INSERT' when a is null then 'DELETE' else 'UPDATE' end`;
  }
  const path = `$."${deletedAt}"`;
  const was = sql`json_extract(b, ${path})`;
  const is = sql`json_extract(a, ${path})`;
  return sql`case when b is null then 'INSERT' when a is null then 'DELETE'
    when ${was} is null and ${is} is not null then 'SOFT_DELETE'
    when ${was} is not null and ${is} is null then 'RESTORE' else 'UPDATE' end`;
}

/** What a row is found by, to be put into JSON again with all of its digits. */
function handleValues(handle: string, target: Target): readonly JsonValue[] {
  const values = parse(handle);
  if (values.every((value) => typeof value !== "object" || value === null)) return values;
  throw new AuditNotPossibleError(
    target.table.label,
    "its key holds bytes, and its rows have no number of their own",
  );
}
