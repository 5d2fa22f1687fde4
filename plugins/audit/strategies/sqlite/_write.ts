import {
  type Expression,
  type OperationNode,
  type QueryResult,
  type RootOperationNode,
  sql,
} from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { copy, id, partsOf, q, returningMore, selection } from "../../sql/_nodes.ts";
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
import { imageOf, keyOf } from "../common/_image.ts";
import { isDirect, isQuiet, SCHEMA } from "./_quiet.ts";
import { writeEntries, writeKnown } from "./_row_entries.ts";
import { ROWS } from "./_rows.ts";
import { ask, entity, occasionOf, parse, type SqliteWork } from "./_work.ts";

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
  const { rows } = await ask(work, node, "before", {}, (_, node) => {
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
  const { onConflict } = partsOf(node);
  const isReplace = replaces(node);
  const updates = onConflict !== undefined && onConflict.doNothing !== true;
  const named = onConflict?.columns?.map(({ column }) => column.name);
  const met = !isReplace && !updates
    ? undefined
    : metRows(node, target, isReplace || named === undefined ? table.info.uniques : [named]);
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

/** Whether an INSERT removes rows that are in its way. */
export function replaces(node: OperationNode): boolean {
  const { replace, orAction } = partsOf(node);
  return replace === true || /replace/i.test(orAction?.action ?? "");
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
  }, (_, node) => {
    const { returning: own } = partsOf(node);
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

function cannotPair({ table }: Target): AuditNotPossibleError {
  return new AuditNotPossibleError(
    table.label,
    "it changes the keys of several rows in a way that does not tell which row became which; " +
      "change them one by one",
  );
}
