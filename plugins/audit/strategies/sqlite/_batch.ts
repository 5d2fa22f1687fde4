import type { QueryBatch } from "@kysera/executor";
import {
  type Expression,
  type OperationNode,
  type QueryResult,
  RawNode,
  sql,
  ValueNode,
} from "kysely";
import { AuditError, AuditNotPossibleError } from "../../contract/errors.ts";
import { valueLists } from "../../sql/_insert_values.ts";
import { id, joined, partsOf, q, statement, tableNode } from "../../sql/_nodes.ts";
import {
  metRows,
  nextOf,
  refuseShadowed,
  selectFor,
  type Target,
  withOf,
} from "../common/_before.ts";
import { imageOf, keyOf } from "../common/_image.ts";
import { insertInto, sharedOf } from "../common/_log.ts";
import { batchTableOf, markerOf } from "../common/_table.ts";
import type { WriteWork } from "../strategy.ts";
import { entitySql } from "./_entity.ts";
import { operationOf } from "./_row_entries.ts";
import { ROWS } from "./_rows.ts";

/** The number of the row that keeps the highest row number before an INSERT. */
const HIGHEST = -1;

/**
 * Does a write of a batch, with statements around it that write down what it did. They see no result
 * of each other, so what the rows were is kept in a table of the log until they are done.
 *
 * | write  | before                                | after                                          |
 * | ------ | ------------------------------------- | ---------------------------------------------- |
 * | UPDATE | keeps its rows                        | entries of the rows kept, as they are now      |
 * | DELETE | keeps its rows                        | entries of the rows kept                       |
 * | INSERT | keeps the highest number of a row     | entries of the rows above, or of the keys      |
 * |        |                                       | that it names                                  |
 * | upsert | keeps the rows that it meets, as well | those, and entries of the rows kept that       |
 * |        |                                       | differ                                         |
 *
 * How many rows the write has changed is compared with how many were found: where these differ the
 * whole batch fails.
 */
export async function writeInBatch(
  { kind, node, audited: [target] }: WriteWork["writes"][number],
  work: WriteWork,
  batch: QueryBatch,
): Promise<QueryResult<any>> {
  const { to, scope } = work;
  const { table } = target!;
  if (to.settings.hashChain !== undefined) {
    throw new AuditNotPossibleError(
      table.label,
      "the database runs batches only, and the hash of an entry is made of the one before it; " +
        'leave out "hashChain"',
    );
  }
  const kept = q(tableNode(batchTableOf(to.auditTable.name), to.auditTable.schema));
  const marker = `KYSERA_AUDIT_${crypto.randomUUID()}`;
  const steps = kind === "insert"
    ? insertSteps(node, target!, work, kept)
    : changeSteps(kind === "update", node, target!, work, kept);
  const add = (piece: Expression<any>, place: "before" | "after"): void =>
    batch[place](scope.compile(statement(piece)));
  const triggers = q(tableNode(markerOf(to.auditTable.name), to.auditTable.schema));
  if (table.info.triggered) add(sql`insert into ${triggers} values (${table.label})`, "before");
  for (const each of steps.before) add(each, "before");
  // Directly behind the write, of which it reads the count.
  add(
    sql`select json_extract('1', case when ${steps.isComplete} then '$' else ${marker} end)`,
    "after",
  );
  for (const each of steps.entries) add(each, "after");
  add(sql`delete from ${kept}`, "after");
  if (table.info.triggered) add(sql`delete from ${triggers}`, "after");
  try {
    return await work.next(work.query);
  } catch (error) {
    throw told(error, marker, table.label, batchTableOf(to.auditTable.name));
  }
}

/** The statements around a write. */
interface Steps {
  readonly before: readonly Expression<any>[];
  /** Holds if the rows that were found are those that were changed; reads `changes()`. */
  readonly isComplete: Expression<any>;
  readonly entries: readonly Expression<any>[];
}

function changeSteps(
  isUpdate: boolean,
  node: OperationNode,
  target: Target,
  work: WriteWork,
  kept: Expression<any>,
): Steps {
  refuseShadowed(node, target);
  const { table, alias, handle } = target;
  const selected = sql`${keyOf(table, handle, alias, ROWS)}, ${
    isUpdate ? nextOf(table, handle, alias, node, ROWS) : sql`null`
  }, ${entitySql(table, alias)}, ${imageOf(table, alias, ROWS)}`;
  return {
    before: [keep(kept, selectFor(node, selected))],
    isComplete: sql`changes() = (select count(*) from ${kept})`,
    entries: [entriesOfKept(target, work, kept, isUpdate, sql`1 = 1`)],
  };
}

function insertSteps(
  node: OperationNode,
  target: Target,
  work: WriteWork,
  kept: Expression<any>,
): Steps {
  const { table, alias, handle } = target;
  const { onConflict, replace, orAction } = partsOf(node);
  if (replace === true || /replace/i.test(orAction?.action ?? "")) {
    throw new AuditNotPossibleError(
      table.label,
      "the database runs batches only, where it cannot be told which rows a REPLACE removes; write " +
        "an upsert with onConflict()",
    );
  }
  const ignores = onConflict?.doNothing === true || /ignore/i.test(orAction?.action ?? "");
  const updates = onConflict !== undefined && !ignores;
  const named = onConflict?.columns?.map(({ column }) => column.name);
  const met = ignores || updates
    ? metRows(node, target, named === undefined ? table.info.uniques : [named])
    : undefined;
  if (met !== undefined) refuseShadowed(node, target);
  const of = q(tableNode(table.name, table.schema));
  const selected = sql`${keyOf(table, handle, alias, ROWS)}, ${keyOf(table, handle, alias, ROWS)},
    ${entitySql(table, alias)}, ${imageOf(table, alias, ROWS)}`;
  const before = met === undefined ? [] : [
    keep(kept, sql`${withOf(node)}select ${selected} from ${q(target.node)} where ${met}`),
  ];
  const added = addedRows(node, target, kept);
  if (added.highest !== undefined) before.unshift(added.highest);
  const isNew = sql`${added.condition} and not exists (select 1 from ${kept} as s
    where s.n <> ${sql.lit(HIGHEST)} and s.handle = ${keyOf(table, handle, "t", ROWS)})`;
  const found = sql`(select count(*) from ${of} as t where ${isNew})`;
  const { captureNewValues } = work.to.settings;
  const entry = sql`${insertInto(work.to)} select ${table.label}, ${entitySql(table, "t")},
    'INSERT', null, ${imageOf(table, "t", ROWS)}, null, ${sharedOf(work.to)}
    from ${of} as t where ${isNew}`;
  return {
    before,
    isComplete: updates
      // Rows that were met may have been left alone, by the condition of the upsert.
      ? sql`changes() between ${found} and ${found} + (select count(*) from ${kept})`
      : sql`changes() = ${found}`,
    entries: [
      ...captureNewValues ? [entry] : [],
      ...updates ? [entriesOfKept(target, work, kept, true, sql`a is not b`)] : [],
    ],
  };
}

/** The condition on the rows that an INSERT has added. */
function addedRows(
  node: OperationNode,
  { table, handle }: Target,
  kept: Expression<any>,
): { readonly condition: Expression<any>; readonly highest: Expression<any> | undefined } {
  const { columns, values } = partsOf(node);
  const given = (columns?.map(({ column }) => column.name) ??
    table.info.columns.filter(({ generated }) => !generated).map(({ name }) => name))
    .map((name) => name.toLowerCase());
  const isNumbered = handle.length === 1 &&
    table.info.columns.every(({ name }) => name !== handle[0]);
  const names = isNumbered
    ? table.info.numbered === undefined ? [] : [table.info.numbered]
    : handle;
  const places = names.map((name) => given.indexOf(name.toLowerCase()));
  const lists = places.length === 0 || places.includes(-1) ? [] : valueLists(values) ?? [];
  const keys = lists.flatMap((list) => {
    const key = places.map((place) => list[place]!);
    // Of anything else nobody knows whether it is the same the next time.
    return key.every((value) => isValue(value.toOperationNode())) ? [key] : [];
  });
  const isNamed = keys.length === 0
    ? undefined
    : names.length === 1
    ? sql`t.${id(names[0]!)} in (${sql.join(keys.map(([value]) => value!))})`
    : sql`(${sql.join(names.map((name) => sql`t.${id(name)}`))}) in (values ${
      sql.join(keys.map((key) => sql`(${sql.join(key)})`))
    })`;
  if (!isNumbered) {
    if (isNamed !== undefined && keys.length === lists.length) {
      return { condition: isNamed, highest: undefined };
    }
    throw new AuditNotPossibleError(
      table.label,
      "the database runs batches only, its rows have no numbers, and the statement does not give " +
        "their keys as values; give them",
    );
  }
  const number = id(handle[0]!);
  const above = sql`t.${number} > (select cast(handle as integer) from ${kept}
    where n = ${sql.lit(HIGHEST)})`;
  return {
    condition: isNamed === undefined ? above : sql`(${above} or ${isNamed})`,
    highest: sql`insert into ${kept} (n, handle) select ${
      sql.lit(HIGHEST)
    }, coalesce(max(${number}), 0) from ${q(tableNode(table.name, table.schema))}`,
  };
}

/** Returns true for a value, by itself or as the only part of raw SQL. */
function isValue(node: OperationNode): boolean {
  if (ValueNode.is(node)) return true;
  if (!RawNode.is(node)) return false;
  const { sqlFragments, parameters: [only] } = node;
  return only !== undefined && sqlFragments.every((text) => text === "") && isValue(only);
}

/** Keeps rows as they are before the write. */
function keep(kept: Expression<any>, select: Expression<any>): Expression<any> {
  // A join may find a row more than once.
  return sql`insert or ignore into ${kept} (handle, next, entity, image) ${select}`;
}

/** Writes the entries of the rows that were kept. */
function entriesOfKept(
  { table, handle }: Target,
  { to }: WriteWork,
  kept: Expression<any>,
  isUpdate: boolean,
  condition: Expression<any>,
): Expression<any> {
  const { captureOldValues, captureNewValues } = to.settings;
  const isSame = handle.map((name, i) =>
    sql`t.${id(name)} is json_extract(s.next, ${sql.lit(`$[${i}]`)})`
  );
  const of = q(tableNode(table.name, table.schema));
  const now = (value: Expression<any>): Expression<any> =>
    isUpdate ? sql`(select ${value} from ${of} as t where ${joined(isSame, " and ")})` : sql`null`;
  const rows = sql`select s.n, coalesce(${now(entitySql(table, "t"))}, s.entity) as entity,
    s.image as b, ${now(imageOf(table, "t", ROWS))} as a from ${kept} as s
    where s.n <> ${sql.lit(HIGHEST)}`;
  return sql`${insertInto(to)} select ${table.label}, entity, ${
    operationOf({ table } as Target)
  }, ${captureOldValues ? sql`b` : sql`null`}, ${captureNewValues ? sql`a` : sql`null`}, null,
    ${sharedOf(to)} from (${rows}) where ${condition} order by n`;
}

/** Says of an error what it means. */
function told(error: unknown, marker: string, label: string, kept: string): unknown {
  const message = error instanceof Error ? error.message : "";
  if (message.includes(marker)) {
    return new AuditNotPossibleError(
      label,
      "the rows that it changed are not those that were found before it, as where a trigger changes " +
        "others or the statement does not give its keys as values",
    );
  }
  if (!message.includes(`no such table: ${kept}`)) return error;
  return new AuditError(
    `Cannot write to audited table "${label}": table "${kept}" is missing, which batches need; ` +
      "add to a migration: await createAuditTable(db, { batches: true, ifNotExists: true })",
    "AUDIT_TABLE_MISSING",
    { cause: error },
  );
}
