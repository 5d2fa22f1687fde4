import { type Expression, type OperationNode, type QueryResult, sql } from "kysely";
import type { RootOperationNode } from "kysely";
import { AuditConflictError, AuditNotPossibleError } from "../../contract/errors.ts";
import { valueLists } from "../../sql/_insert_values.ts";
import { type JsonValue, parseExact } from "../../sql/_json.ts";
import { copy, partsOf, q, returningMore, selection, tableNode } from "../../sql/_nodes.ts";
import {
  type BeforeRow,
  beforeSelection,
  changesHandle,
  metRows,
  readBefore,
  restrictedTo,
  selectFor,
  type Target,
  untext,
  withOf,
} from "../common/_before.ts";
import { entityOf, imageOf, keyOf, refTo } from "../common/_image.ts";
import { log, type LogTarget } from "../common/_log.ts";
import type { Change, Run } from "../common/_table.ts";
import type { Write } from "../common/_writes.ts";
import { holdsBytes, ROWS } from "./_rows.ts";

/** Runs a write as the user's own: its result is made ready for him. */
type RunWrite = (node: RootOperationNode) => Promise<QueryResult<any>>;

/** How many keys go into one SELECT. */
const MOST_KEYS = 5_000;
/** How many keys go into one write, which cannot be parted. */
const MOST_ROWS = 100_000;

/** A row as it is after a write. */
interface AfterRow {
  readonly key: string;
  readonly image: string;
}

/**
 * Does a write on MySQL or MariaDB, and writes down what it did.
 *
 * | write                      | before it          | the write            | after it       |
 * | -------------------------- | ------------------ | -------------------- | -------------- |
 * | INSERT, DELETE, MariaDB    |                    | with RETURNING       | entries        |
 * | UPDATE                     | locks and reads    | by these keys        | reads; entries |
 * | upsert, REPLACE            | locks and reads    | as it is             | reads; entries |
 * | DELETE of a join, MySQL    | locks and reads    | by these keys        | entries        |
 * | INSERT, MySQL              |                    | as it is             | reads; entries |
 */
export async function writeOnMysql(
  write: Write,
  targets: readonly Target[],
  to: LogTarget,
  run: Run,
  runWrite: RunWrite,
): Promise<QueryResult<any>> {
  const { kind, node } = write;
  if (kind === "update") return await updateRows(node, targets, to, run, runWrite);
  if (kind === "delete") return await deleteRows(node, targets, to, run, runWrite);
  const [target] = targets as [Target];
  const { onDuplicateKey, replace, onConflict } = partsOf(node);
  const meets = onDuplicateKey !== undefined || replace === true || onConflict !== undefined;
  return meets
    ? await upsertRows(node, target, to, run, runWrite)
    : await insertRows(node, target, to, run, runWrite);
}

async function insertRows(
  node: OperationNode,
  target: Target,
  to: LogTarget,
  run: Run,
  runWrite: RunWrite,
): Promise<QueryResult<any>> {
  const { table } = target;
  if (table.info.returns) {
    const { result, rows } = await returning(node, target, runWrite);
    await log(run, to, rows.map((row) => changeOf(target, undefined, row)));
    return { ...result, ...insertIdOf(node, target, rows) };
  }
  const result = await write_(node, runWrite);
  const keys = insertedKeys(node, target, result);
  const after = await readAfter(run, target, keys);
  if (BigInt(after.length) !== (result.numAffectedRows ?? 0n)) {
    throw new AuditNotPossibleError(
      table.label,
      "MySQL does not tell which rows it inserted; give the rows their keys, or use MariaDB",
    );
  }
  await log(run, to, after.map((row) => changeOf(target, undefined, row)));
  return result;
}

async function deleteRows(
  node: OperationNode,
  targets: readonly Target[],
  to: LogTarget,
  run: Run,
  runWrite: RunWrite,
): Promise<QueryResult<any>> {
  const { using, joins, from, orderBy, limit } = partsOf(node);
  const [target] = targets as [Target];
  // Kysely writes RETURNING before ORDER BY, where MariaDB has it behind.
  const isPlain = using === undefined && joins === undefined && from?.froms.length === 1 &&
    orderBy === undefined && limit === undefined;
  if (isPlain && target.table.info.returns) {
    const { result, rows } = await returning(node, target, runWrite);
    await log(run, to, rows.map((row) => changeOf(target, row, undefined)));
    return result;
  }
  const { before, isEmpty } = await lockRows(node, targets, run, undefined);
  if (isEmpty) return await write_(node, runWrite);
  const result = await write_(restricted(node, targets, before), runWrite);
  const isFirst = firstOfEach();
  const changes = targets.flatMap((each, i) =>
    before[i]!.filter((row) => isFirst(each, row)).map((row) => changeOf(each, row, undefined))
  );
  await log(run, to, changes);
  return result;
}

async function updateRows(
  node: OperationNode,
  targets: readonly Target[],
  to: LogTarget,
  run: Run,
  runWrite: RunWrite,
): Promise<QueryResult<any>> {
  const { before, isEmpty } = await lockRows(node, targets, run, node);
  if (isEmpty) return await write_(node, runWrite);
  const result = await write_(restricted(node, targets, before), runWrite);
  const changes: Change[] = [];
  const isFirst = firstOfEach();
  for (const [i, target] of targets.entries()) {
    const rows = before[i]!;
    const moves = changesHandle(target, node);
    const after = await readAfter(
      run,
      target,
      rows.map(({ handle, next }) => moves ? next : handle),
    );
    const byKey = new Map(after.map((row) => [keyText(row.key), row]));
    for (const row of rows) {
      const now = byKey.get(keyText(moves ? row.next : row.handle));
      if (now === undefined) throw cannotPair(target);
      if (!isFirst(target, row)) continue;
      // One of several tables may have been left as it was.
      if (targets.length > 1 && now.image === row.image) continue;
      changes.push(changeOf(target, row, now));
    }
    if (byKey.size < rows.length) throw cannotPair(target);
  }
  await log(run, to, changes);
  return result;
}

/** Upserts and REPLACE: all rows that one of the unique keys meets are looked at before and after. */
async function upsertRows(
  node: OperationNode,
  target: Target,
  to: LogTarget,
  run: Run,
  runWrite: RunWrite,
): Promise<QueryResult<any>> {
  const { table } = target;
  const met = metRows(node, target, table.info.uniques);
  const selected = beforeSelection([target], undefined, ROWS);
  const before = met === undefined ? [] : readBefore(
    (await run(
      sql`${withOf(node)}select ${selected} from ${q(target.node)} where ${met} for update`,
    )).rows,
    [target],
  )[0]!;
  if (!table.info.returns) {
    throw new AuditNotPossibleError(
      table.label,
      "MySQL does not tell which rows an upsert or REPLACE wrote; lock the row in a transaction, " +
        "and INSERT or UPDATE it, or use MariaDB",
    );
  }
  const { result, rows } = await returning(node, target, runWrite);
  const byKey = new Map(before.map((row) => [keyText(row.key), row]));
  const changes: Change[] = [];
  let count = 0n;
  const gone: BeforeRow[] = [];
  const written = new Set(rows.map(({ key }) => keyText(key)));
  for (const row of before) if (!written.has(keyText(row.key))) gone.push(row);
  if (gone.length > 0) {
    const still = await readAfter(run, target, gone.map(({ handle }) => handle));
    const left = new Map(still.map((row) => [keyText(row.key), row]));
    for (const row of gone) {
      const now = left.get(keyText(row.key));
      if (now?.image !== row.image) changes.push(changeOf(target, row, now));
    }
    count += BigInt(changes.length);
  }
  for (const row of rows) {
    const was = byKey.get(keyText(row.key));
    count += was === undefined || was.image === row.image ? 1n : 2n;
    // A row that is as it was is not a change: the database does not write it either.
    if (was?.image !== row.image) changes.push(changeOf(target, was, row));
  }
  await log(run, to, changes);
  return { ...result, numAffectedRows: count, ...insertIdOf(node, target, rows) };
}

/** A table may stand in a statement under several names: its rows are told once. */
function firstOfEach(): (target: Target, row: BeforeRow) => boolean {
  const seen = new Set<string>();
  return ({ table }, { handle }) => {
    const row = `${table.info.schema}.${table.info.name} ${handle}`;
    if (seen.has(row)) return false;
    seen.add(row);
    return true;
  };
}

/** Locks and reads the rows of a write. */
async function lockRows(
  node: OperationNode,
  targets: readonly Target[],
  run: Run,
  update: OperationNode | undefined,
): Promise<{ before: BeforeRow[][]; isEmpty: boolean }> {
  for (const { table } of targets) {
    if (table.key.length > 0) continue;
    throw new AuditNotPossibleError(
      table.label,
      'it has no primary key to find its rows by; give it one, or name columns with "primaryKeyColumn"',
    );
  }
  const selected = beforeSelection(targets, update, ROWS);
  const { rows } = await run(sql`${selectFor(node, selected)} for update`);
  const before = readBefore(rows, targets);
  return { before, isEmpty: before.every((each) => each.length === 0) };
}

/** The write, of the rows that are locked. */
function restricted(
  node: OperationNode,
  targets: readonly Target[],
  before: readonly (readonly BeforeRow[])[],
): OperationNode {
  let out = node;
  for (const [i, target] of targets.entries()) {
    const rows = before[i]!;
    if (rows.length > MOST_ROWS) {
      throw new AuditNotPossibleError(
        target.table.label,
        `it touches ${rows.length} rows; change at most ${MOST_ROWS} with one statement`,
      );
    }
    if (rows.length === 0) continue;
    const handles = rows.map(({ handle }) => handle);
    const isLocked = isOneOf(target, handles, target.alias);
    // An outer join may have no row of this table beside one of another that is written.
    const isNone = sql`${refTo(target.handle[0]!, target.alias)} is null`;
    out = restrictedTo(out, targets.length === 1 ? isLocked : sql`(${isLocked} or ${isNone})`);
  }
  return out;
}

async function readAfter(
  run: Run,
  target: Target,
  handles: readonly string[],
): Promise<AfterRow[]> {
  const { table } = target;
  const out: AfterRow[] = [];
  for (let i = 0; i < handles.length; i += MOST_KEYS) {
    const { rows } = await run(
      sql`select ${ROWS.text(keyOf(table, table.key, "t", ROWS))} as k,
        ${ROWS.text(imageOf(table, "t", ROWS))} as i
        from ${q(tableNode(table.name, table.schema))} as t
        where ${isOneOf(target, handles.slice(i, i + MOST_KEYS), "t")} for update`,
    );
    out.push(...rows.map((row) => ({ key: untext(row["k"]), image: untext(row["i"]) })));
  }
  return out;
}

/** A condition on the key. */
function isOneOf(
  { handle, table }: Target,
  handles: readonly string[],
  alias: string,
): Expression<any> {
  const columns = handle.map((name) => table.info.columns.find((each) => each.name === name)!);
  const lists = handles.map((each) => {
    const values = parse(each);
    return columns.map((column, i) => {
      const value = values[i]!;
      return holdsBytes(column) && typeof value === "string" && value.startsWith("\\x")
        ? sql`unhex(${value.slice(2)})`
        : sql`${value}`;
    });
  });
  const refs = handle.map((name) => refTo(name, alias));
  if (refs.length === 1) return sql`${refs[0]} in (${sql.join(lists.map(([value]) => value))})`;
  return sql`(${sql.join(refs)}) in (${sql.join(lists.map((list) => sql`(${sql.join(list)})`))})`;
}

/** Runs a write with key and row behind its RETURNING, which MariaDB has. */
async function returning(
  node: OperationNode,
  { table }: Target,
  runWrite: RunWrite,
): Promise<{ result: QueryResult<any>; rows: (AfterRow & BeforeRow)[] }> {
  const { returning: own } = partsOf(node);
  const asked = copy(node, {
    returning: returningMore(own, [
      selection(ROWS.text(keyOf(table, table.key, undefined, ROWS)), "kyserak"),
      selection(ROWS.text(imageOf(table, undefined, ROWS)), "kyserai"),
    ]),
    // A statement of the same kind.
  }) as RootOperationNode;
  const { rows, ...rest } = await runWrite(asked);
  const found = rows.map((row) => {
    const key = untext(row.kyserak);
    const image = untext(row.kyserai);
    delete row.kyserak;
    delete row.kyserai;
    return { key, image, handle: key, next: key };
  });
  return {
    result: own === undefined
      ? { ...rest, rows: [], numAffectedRows: BigInt(rows.length) }
      // Whether the driver counts rows that it returns is its own business.
      : { ...rest, rows },
    rows: found,
  };
}

/** What the driver would have said without RETURNING: the first number that was given out. */
function insertIdOf(
  node: OperationNode,
  { table }: Target,
  rows: readonly AfterRow[],
): { insertId?: bigint } {
  const place = table.key.indexOf(table.info.numbered ?? "");
  if (place < 0 || rows.length === 0) return {};
  const { columns, values } = partsOf(node);
  const at =
    columns?.findIndex(({ column }) =>
      column.name.toLowerCase() === table.info.numbered!.toLowerCase()
    ) ?? -1;
  const isGiven = at >= 0 && valueLists(values)?.every((list) => list[at] !== undefined) === true;
  const row = isGiven ? rows.at(-1)! : rows[0]!;
  const number = parse(row.key)[place];
  return typeof number === "number" || typeof number === "bigint"
    ? { insertId: BigInt(number) }
    : {};
}

/** The keys of rows that MySQL inserted: as given, or counted from the first number given out. */
function insertedKeys(
  node: OperationNode,
  { table, handle }: Target,
  { insertId, numAffectedRows = 0n }: QueryResult<any>,
): string[] {
  const { columns = [], values } = partsOf(node);
  const lists = values?.kind === "ValuesNode"
    ? (values as OperationNode & { values?: readonly { values?: readonly unknown[] }[] }).values
    : undefined;
  const place = columns.findIndex(({ column }) => column.name === handle[0]);
  if (handle.length === 1 && place < 0 && handle[0] === table.info.numbered && lists) {
    const first = insertId ?? 0n;
    return Array.from({ length: Number(numAffectedRows) }, (_, i) => `[${first + BigInt(i)}]`);
  }
  const keys = lists?.map(({ values: list }) =>
    handle.map((name) => {
      const at = columns.findIndex(({ column }) => column.name === name);
      const item = list?.[at];
      const value = typeof item === "object" && item !== null && "value" in item
        ? item.value
        : item;
      return typeof value === "string" || typeof value === "number" ? value : undefined;
    })
  );
  if (keys?.every((key) => key.every((value) => value !== undefined))) {
    return keys.map((key) => JSON.stringify(key));
  }
  throw new AuditNotPossibleError(
    table.label,
    "MySQL does not tell which rows it inserted; give the rows their keys, or use MariaDB",
  );
}

function changeOf(
  target: Target,
  before: { readonly key: string; readonly image: string } | undefined,
  after: { readonly key: string; readonly image: string } | undefined,
): Change {
  return {
    table: target.table.label,
    key: entityOf(parse((after ?? before)!.key)),
    operation: operationOf(target, before?.image, after?.image),
    before: before?.image ?? null,
    after: after?.image ?? null,
  };
}

function operationOf(
  { table: { deletedAt } }: Target,
  before: string | undefined,
  after: string | undefined,
): string {
  if (before === undefined) return "INSERT";
  if (after === undefined) return "DELETE";
  if (deletedAt === undefined) return "UPDATE";
  const was = valueIn(before, deletedAt);
  const is = valueIn(after, deletedAt);
  if (was === null && is !== null && is !== undefined) return "SOFT_DELETE";
  return was !== null && was !== undefined && is === null ? "RESTORE" : "UPDATE";
}

function valueIn(image: string, column: string): unknown {
  return (JSON.parse(image) as Record<string, unknown>)[column];
}

/** Keys that the database takes for the same may be written in two ways. */
function keyText(key: string): string {
  return parse(key).map((value) => String(value)).join("\0");
}

function parse(list: string): readonly JsonValue[] {
  // What json_array() gives is a list.
  return parseExact(list, true) as readonly JsonValue[];
}

async function write_(node: OperationNode, runWrite: RunWrite): Promise<QueryResult<any>> {
  // The statement as it was, or one of the same kind.
  return await runWrite(node as RootOperationNode);
}

function cannotPair({ table }: Target): AuditConflictError {
  return new AuditConflictError(table.label);
}
