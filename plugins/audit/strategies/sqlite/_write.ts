import {
  type Expression,
  type OperationNode,
  type QueryResult,
  type RootOperationNode,
  sql,
} from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { type JsonValue, parseExact, stringifyExact } from "../../sql/_json.ts";
import {
  copy,
  id,
  joined,
  partsOf,
  q,
  returningMore,
  selection,
  statement,
  tableNode,
} from "../../sql/_nodes.ts";
import {
  beforeSelection,
  changesHandle,
  metRows,
  readBefore,
  refuseShadowed,
  selectFor,
  type Target,
  untext,
  withOf,
} from "../common/_before.ts";
import { entityOf, imageOf, keyOf } from "../common/_image.ts";
import { auditTableOf, log, OWN_COLUMNS, SHARED_COLUMNS, sharedOf } from "../common/_log.ts";
import type { Change } from "../common/_table.ts";
import type { Occasion } from "../common/_templates.ts";
import type { WriteWork } from "../strategy.ts";
import { isDirect, isQuiet, SCHEMA } from "./_quiet.ts";
import { ROWS } from "./_rows.ts";

/** A row that a write touched, or may have. */
interface Touched {
  readonly entity: string | null;
  readonly before: string | null;
  /** What it is found by now; `null` where it is gone. */
  readonly handle: string | null;
  /** Whether it is an entry only if it differs from what it was. */
  readonly maybe: boolean;
}

/** A write, and where it is done. */
export interface SqliteWork extends WriteWork {
  /** Whether it is a transaction of its own. */
  readonly isAlone: boolean;
}

/**
 * Does a write, and writes down what it did: beside it one statement for INSERT and DELETE, two for
 * UPDATE, upserts and REPLACE. New values are read by the statement that writes the entries, so that
 * what triggers did is in them.
 */
export async function writeOnSqlite(
  { kind, node, audited: [target] }: SqliteWork["writes"][number],
  work: SqliteWork,
): Promise<QueryResult<any>> {
  if (kind === "delete") return await deleteRows(node, target!, work);
  if (kind === "update") return await updateRows(node, target!, work);
  return await insertRows(node, target!, work);
}

/** What rows of a table are found by: their number, or else their key. */
export function sqliteHandle(table: Target["table"]): readonly string[] {
  if (table.info.withoutRowid) return table.info.key;
  const taken = new Set(table.info.columns.map(({ name }) => name.toLowerCase()));
  const name = ["rowid", "_rowid_", "oid"].find((each) => !taken.has(each));
  return name === undefined ? table.key : [name];
}

async function deleteRows(
  node: OperationNode,
  target: Target,
  work: SqliteWork,
): Promise<QueryResult<any>> {
  const { table } = target;
  const { result, texts } = await returning(node, work, table.free, undefined, () => [
    keyOf(table, table.key, undefined, ROWS),
    imageOf(table, undefined, ROWS),
  ]);
  const gone = texts.map(([key, image]) => ({ key: key!, before: image!, after: null }));
  await writeKnown(work, target, gone);
  return result;
}

async function updateRows(
  node: OperationNode,
  target: Target,
  work: SqliteWork,
): Promise<QueryResult<any>> {
  const { table, handle } = target;
  refuseShadowed(node, target);
  const direct = isDirect(target, node);
  const version = `${table.free}v`;
  const { rows } = await ask(work, node, "before", {}, () => {
    const selected = beforeSelection([target], node, ROWS);
    return selectFor(node, direct ? sql`${selected}, ${SCHEMA} as ${id(version)}` : selected);
  });
  const before = readBefore(rows, [target])[0]!;
  const quiet = direct && before.length > 0 && await isQuiet(work, target, rows[0]![version]);
  const { result, texts } = await returning(
    node,
    work,
    table.free,
    quiet ? "images" : undefined,
    () => [
      keyOf(table, handle, undefined, ROWS),
      keyOf(table, table.key, undefined, ROWS),
      ...quiet ? [imageOf(table, undefined, ROWS)] : [],
    ],
  );
  const changes = changesHandle(target, node);
  const byNext = new Map(before.map((row) => [changes ? row.next : row.handle, row]));
  if (byNext.size < before.length) throw cannotPair(target);
  const pairs = texts.map(([now, key, image]) => {
    const was = before.length === 1 && texts.length === 1 ? before[0] : byNext.get(now!);
    if (was === undefined) throw cannotPair(target);
    return { key: key!, before: was.image, after: image ?? null, handle: now! };
  });
  if (quiet) await writeKnown(work, target, pairs);
  else {
    await writeEntries(
      work,
      target,
      pairs.map(({ key, before, handle }) => ({
        entity: entity(key),
        before,
        handle,
        maybe: false,
      })),
    );
  }
  return result;
}

async function insertRows(
  node: OperationNode,
  target: Target,
  work: SqliteWork,
): Promise<QueryResult<any>> {
  const { table, handle } = target;
  const { onConflict, replace, orAction } = partsOf(node);
  const replaces = replace === true || /replace/i.test(orAction?.action ?? "");
  const updates = onConflict !== undefined && onConflict.doNothing !== true;
  const named = onConflict?.columns?.map(({ column }) => column.name);
  const met = !replaces && !updates
    ? undefined
    : metRows(node, target, replaces || named === undefined ? table.info.uniques : [named]);
  if (met !== undefined) refuseShadowed(node, target);
  const before = met === undefined ? [] : readBefore(
    (await work.run(
      sql`${withOf(node)}select ${beforeSelection([target], undefined, ROWS)} from ${
        q(target.node)
      } where ${met}`,
    )).rows,
    [target],
  )[0]!;
  const direct = isDirect(target, node);
  const extra = direct ? "images and version" : undefined;
  const { result, texts, versions } = await returning(node, work, table.free, extra, () => [
    keyOf(table, handle, undefined, ROWS),
    keyOf(table, table.key, undefined, ROWS),
    ...direct ? [imageOf(table, undefined, ROWS)] : [],
  ]);
  if (direct && texts.length > 0 && await isQuiet(work, target, versions[0])) {
    await writeKnown(
      work,
      target,
      texts.map(([, key, image]) => ({ key: key!, before: null, after: image! })),
    );
    return withInsertId(node, target, result, texts);
  }
  const left = new Map(before.map((row) => [row.handle, row]));
  const written = texts.map(([now, key]) => {
    const was = left.get(now!) ??
      (table.key.length === 0 ? undefined : [...left.values()].find((row) => row.key === key));
    if (was !== undefined) left.delete(was.handle);
    return { entity: entity(key!), before: was?.image ?? null, handle: now!, maybe: false };
  });
  // Rows that were met and are not among those written: replaced, moved, or left alone.
  const others = [...left.values()].map(({ key, image, handle }) => ({
    entity: entity(key),
    before: image,
    handle,
    maybe: true,
  }));
  await writeEntries(work, target, [...others, ...written]);
  return withInsertId(node, target, result, texts);
}

/** The result of an INSERT, with the number of its last row unless it returns rows. */
function withInsertId(
  node: OperationNode,
  { table }: Target,
  result: QueryResult<any>,
  texts: readonly (readonly string[])[],
): QueryResult<any> {
  if (partsOf(node).returning !== undefined || table.info.withoutRowid) return result;
  const last = texts.at(-1);
  if (last === undefined) return result;
  const [number] = parse(last[0]!);
  return typeof number === "number" || typeof number === "bigint"
    ? { ...result, insertId: BigInt(number) }
    : result;
}

/** What is put behind RETURNING, beside what a write finds its rows again by. */
type Extra = "images" | "images and version" | undefined;

/** Runs a write with more behind its RETURNING, which is taken out of the result again. */
async function returning(
  node: OperationNode,
  work: SqliteWork,
  free: string,
  extra: Extra,
  more: () => readonly Expression<any>[],
): Promise<{ result: QueryResult<any>; texts: string[][]; versions: unknown[] }> {
  const { returning: own } = partsOf(node);
  const version = `${free}v`;
  const { made: { names }, compiled } = work.templates.get({
    ...occasionOf(work),
    key: node,
    name: `write ${extra ?? ""}`,
    values: {},
  }, () => {
    const texts = more();
    const names = texts.map((_, i) => `${free}${i}`);
    const selections = texts.map((each, i) => selection(ROWS.text(each), names[i]!));
    if (extra === "images and version") selections.push(selection(SCHEMA, version));
    // A statement of the same kind.
    const asked = copy(node, { returning: returningMore(own, selections) }) as RootOperationNode;
    return { node: asked, names };
  });
  const { rows, ...rest } = await work.next(compiled);
  const versions = rows.map((row) => row[version]);
  const texts = rows.map((row) => names.map((name) => untext(row[name])));
  if (own === undefined) {
    const result = { ...rest, rows: [], numAffectedRows: BigInt(rows.length) };
    return { result, texts, versions };
  }
  for (const row of rows) {
    for (const name of names) delete row[name];
    delete row[version];
  }
  // Whether the driver counts rows that it returns is its own business.
  return { result: { ...rest, rows }, texts, versions };
}

function occasionOf(
  { query, scope: { compile } }: WriteWork,
): Pick<Occasion<any>, "query" | "compile"> {
  return { query, compile };
}

/** Runs a statement of ours that may come again. */
async function ask<V extends object>(
  work: SqliteWork,
  key: object,
  name: string,
  values: V,
  make: (values: V) => Expression<any>,
): Promise<QueryResult<any>> {
  const { compiled } = work.templates.get(
    { ...occasionOf(work), key, name, values },
    (each) => ({ node: statement(make(each)) }),
  );
  return await work.next(compiled);
}

/** A row of which both images are known. */
interface Known {
  /** Its key, as a JSON list. */
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Writes the entries of rows whose images are known. */
async function writeKnown(
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
async function writeEntries(
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

function operationOf({ table }: Target): Expression<any> {
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

function parse(list: string): readonly JsonValue[] {
  // What json_array() gives is a list.
  return parseExact(list, false) as readonly JsonValue[];
}

const NUMBER = /^\[(-?\d{1,15})\]$/;

function entity(key: string): string | null {
  return NUMBER.exec(key)?.[1] ?? entityOf(parse(key));
}

function cannotPair({ table }: Target): AuditNotPossibleError {
  return new AuditNotPossibleError(
    table.label,
    "it changes the keys of several rows in a way that does not tell which row became which; " +
      "change them one by one",
  );
}
