import {
  CommonTableExpressionNameNode,
  CommonTableExpressionNode,
  type Expression,
  FromNode,
  type OperationNode,
  ReturningNode,
  type RootOperationNode,
  type SelectionNode,
  sql,
  WhereNode,
} from "kysely";
import type { AuditedTable } from "./_tables.ts";
import { MASK } from "./_tables.ts";
import {
  copy,
  id,
  joined,
  partsOf,
  q,
  returningMore,
  selection,
  tableIn,
  tableNode,
  withNode,
} from "./_nodes.ts";
import { oldOfUpsert } from "./_postgres_upsert.ts";
import { returnedNames } from "./_returned_names.ts";
import type { SharedValues } from "./_values.ts";
import type { Write } from "./_writes.ts";
import { AuditNotPossibleError } from "./errors.ts";
import type { Settings } from "./_settings.ts";

/** RETURNING has `old` and `new` since. */
const HAS_OLD = 180_000;
/** What a statement fails with that another transaction came in between; told from other failures. */
export const MEANWHILE = "kysera audit: rows changed meanwhile";

/** A write whose table is audited. */
export interface AuditedWrite extends Write {
  readonly table: AuditedTable;
  /** The alias of its table. */
  readonly alias: string;
}

/** What a statement is to do beside the write. */
export interface Plan {
  readonly settings: Settings;
  readonly auditTable: { readonly name: string; readonly schema: string | undefined };
  readonly values: SharedValues;
  /** Whether the changes are given back, for the chain, and not written. */
  readonly gives: boolean;
  /**
   * The rows that were locked beforehand, as JSON: the write then touches these alone. Without it,
   * the statement fails where another transaction came in between.
   */
  readonly locked: string | undefined;
}

/** A statement that does a write and writes down what it did. */
export interface PostgresStatement {
  readonly node: RootOperationNode;
  /** Whether the rows of its result are those of the user's RETURNING, with more columns. */
  readonly returns: boolean;
  /** Whether the user's own query is the root, and its result as it was. */
  readonly asItWas: boolean;
}

/** Whether an UPDATE has to look at its rows first. */
export function looksFirst({ kind, table }: AuditedWrite): boolean {
  return kind === "update" && table.info.version < HAS_OLD;
}

/**
 * One statement: the write, and what it did to the log, as parts of one WITH.
 *
 * | write                     | the old row                                       | the new row |
 * | ------------------------- | ------------------------------------------------- | ----------- |
 * | INSERT                    |                                                   | RETURNING   |
 * | DELETE                    | RETURNING                                         |             |
 * | UPDATE, upsert, MERGE, 18 | RETURNING old                                     | RETURNING   |
 * | UPDATE, before 18         | SELECT .. FOR UPDATE, joined to the UPDATE by key | RETURNING   |
 * | upsert, before 18         | SELECT .. FOR UPDATE of the rows it would meet    | RETURNING   |
 * | MERGE, before 18          | refused                                           |             |
 */
export function postgresStatement(
  query: RootOperationNode,
  writes: readonly AuditedWrite[],
  plan: Plan,
): PostgresStatement {
  const { with: clause } = partsOf(query);
  const parts: OperationNode[] = [];
  const parted = writes.map((write) => new WritePart(write, plan));
  for (const [i, part] of (clause?.expressions ?? []).entries()) {
    const own = parted.find(({ write }) => write.cte === i);
    if (own === undefined) parts.push(part);
    else parts.push(...own.before(), ...own.ofUser(part));
  }
  const root = parted.find(({ write }) => write.cte === undefined);
  if (root !== undefined) parts.push(...root.before(), ...root.ofRoot());
  parts.push(cte("kysera_changes", unionOf(parted.map((part) => part.changes()))));
  const guards = parted.flatMap((part) => part.guard());
  const source = sql`select kysera_table, kysera_key, kysera_operation, kysera_old::text,
    kysera_new::text from ${id("kysera_changes")}${
    guards.length === 0 ? sql`` : sql` union all ${unionOf(guards)}`
  }`;
  const { recursive } = clause ?? {};
  const returning = root === undefined ? undefined : partsOf(root.write.node).returning;
  if (plan.gives) {
    parts.push(cte("kysera_given", sql`(${source})`, true));
    return giving(query, root, parts, recursive, returning);
  }
  const log = sql`insert into ${q(tableNode(plan.auditTable.name, plan.auditTable.schema))}
    (table_name, entity_id, operation, old_values, new_values, changed_by, changed_at, metadata,
     request_id)
    select kysera_table, kysera_key, kysera_operation, kysera_old, kysera_new,
      ${plan.values.actor}::text, ${plan.values.at}::text, ${plan.values.metadata}::text,
      ${plan.values.request}::text
    from (${source}) as kysera_log`;
  const alone = root !== undefined && writes.length === 1 && returning === undefined;
  if (alone) {
    // The number of rows that the log grew by is that of the rows written.
    const head = q(withNode(parts, recursive));
    // The compiler takes a raw node for a statement.
    const node = sql`${head} ${log}`.toOperationNode() as RootOperationNode;
    return { node, returns: false, asItWas: false };
  }
  parts.push(cte("kysera_log", sql`(${log})`));
  if (root === undefined) {
    const node = copy(query, { with: withNode(parts, recursive) });
    return { node, returns: false, asItWas: true };
  }
  const head = q(withNode(parts, recursive));
  const tail = returning === undefined
    ? sql`select count(*)::text as kyseracount from ${id("kysera_write")}`
    : sql`select ${returnedNames(returning)} from ${id("kysera_write")}`;
  const node = sql`${head} ${tail}`.toOperationNode() as RootOperationNode;
  return { node, returns: returning !== undefined, asItWas: false };
}

/** The statement whose result holds the changes: for the first row of it, as one text. */
function giving(
  query: RootOperationNode,
  root: WritePart | undefined,
  parts: readonly OperationNode[],
  recursive: boolean | undefined,
  returning: ReturningNode | undefined,
): PostgresStatement {
  const head = q(withNode(parts, recursive));
  const changes = sql`(select ':' || coalesce(json_agg(json_build_array(kysera_table, kysera_key,
    kysera_operation, kysera_old, kysera_new))::text, '[]') from ${id("kysera_given")})`;
  if (root === undefined) {
    const rest = q(copy(query, { with: undefined }));
    // The parts of a SELECT are seen in its subqueries.
    const node = sql`${head}, kysera_result as ${rest}
      select r.*, g.kyserachanges from (select ${changes} as kyserachanges) as g
      left join (select true as kyserahasrow, * from kysera_result) as r on true`;
    return { node: node.toOperationNode() as RootOperationNode, returns: true, asItWas: false };
  }
  const rows = returning === undefined
    ? sql`select count(*)::text as kyseracount, true as kyserahasrow from ${id("kysera_write")}`
    : sql`select ${returnedNames(returning)}, true as kyserahasrow from ${id("kysera_write")}`;
  const node = sql`${head} select r.*, g.kyserachanges
    from (select ${changes} as kyserachanges) as g left join (${rows}) as r on true`;
  return {
    node: node.toOperationNode() as RootOperationNode,
    returns: returning !== undefined,
    asItWas: false,
  };
}

/** Locks the rows of an UPDATE, and tells which they are. */
export function postgresLock({ node, alias }: AuditedWrite): Expression<any> {
  const { table, from, joins, where, with: clause } = partsOf(node);
  return sql`${clause === undefined ? sql`` : q(clause)} select ${
    id(alias)
  }.tableoid::oid::text as o,
    ${id(alias)}.ctid::text as c from ${sourcesOf(table!, from, joins)}
    ${where === undefined ? sql`` : q(where)} for update of ${id(alias)}`;
}

/** One write, taken apart. */
class WritePart {
  readonly write: AuditedWrite;
  readonly #plan: Plan;
  readonly #hasOld: boolean;
  readonly #suffix: string;
  readonly #row: Expression<any>;
  readonly #upsert: ReturnType<typeof oldOfUpsert> | undefined;

  constructor(write: AuditedWrite, plan: Plan) {
    this.write = write;
    this.#plan = plan;
    this.#hasOld = write.table.info.version >= HAS_OLD;
    this.#suffix = write.cte === undefined ? "" : `_${write.cte}`;
    this.#row = sql`${id(write.alias)}.*`;
    if (write.kind === "merge" && !this.#hasOld) {
      throw new AuditNotPossibleError(
        write.table.label,
        "a MERGE tells what it changed since PostgreSQL 18 only; use INSERT .. ON CONFLICT, UPDATE " +
          "and DELETE",
      );
    }
    const { onConflict } = partsOf(write.node);
    const changes = onConflict !== undefined && onConflict.doNothing !== true;
    this.#upsert = write.kind === "insert" && changes && !this.#hasOld
      ? oldOfUpsert(write)
      : undefined;
  }

  /** The rows as they are before the write, where RETURNING does not tell. */
  before(): OperationNode[] {
    if (this.#upsert !== undefined) return [cte(this.#old, this.#upsert.rows)];
    if (!looksFirst(this.write)) return [];
    const { table, from, joins, where } = partsOf(this.write.node);
    const { alias, table: { key } } = this.write;
    const target = id(alias);
    const { locked } = this.#plan;
    const only = locked === undefined ? undefined : sql`(${target}.tableoid, ${target}.ctid) in
      (select l.o, l.c from json_to_recordset(${locked}::json) as l(o oid, c tid))`;
    const condition = [
      ...where === undefined ? [] : [sql`(${q(where.where)})`],
      ...only ? [only] : [],
    ];
    const keys = key.map((column, i) => sql`, ${target}.${id(column)} as ${id(`kysera_k${i}`)}`);
    const rows = sql`select ${target}.tableoid as kysera_o, ${target}.ctid as kysera_c,
      to_jsonb(${this.#row}) as kysera_old${sql.join(keys, sql``)}
      from ${sourcesOf(table!, from, joins)}
      ${condition.length === 0 ? sql`` : sql`where ${joined(condition, " and ")}`}
      for update of ${target}`;
    // A row that is joined to several is one all the same.
    const distinct = from === undefined && joins === undefined
      ? rows
      : sql`select distinct on (kysera_o, kysera_c) * from (${rows}) as s`;
    return [cte(this.#old, sql`(${distinct})`, true)];
  }

  /** The write as a part of the WITH, where it is the query itself. */
  ofRoot(): OperationNode[] {
    const node = copy(this.#written(), { with: undefined });
    return [cteOf("kysera_write", node)];
  }

  /** The write as a part of the WITH that the user named. */
  ofUser(part: OperationNode): OperationNode[] {
    const { name } = part as CommonTableExpressionNode;
    const { returning } = partsOf(this.write.node);
    const written = cteOf(this.#written_, this.#written());
    if (returning === undefined) return [written];
    // What the user's other parts read has the columns that he asked for, and no more.
    const names = returnedNames(returning, this.write.table);
    return [
      written,
      CommonTableExpressionNode.create(
        name,
        sql`(select ${names} from ${id(this.#written_)})`.toOperationNode(),
      ),
    ];
  }

  /** The rows that changed: table, key, operation, old and new values. */
  changes(): Expression<any> {
    const { table, kind } = this.write;
    const { settings } = this.#plan;
    const upserts = this.#upsert !== undefined;
    const looks = looksFirst(this.write);
    // A row that was looked at and not updated is one that another transaction changed meanwhile.
    const guards = looks && this.#plan.locked === undefined;
    const side = guards ? sql`left` : sql`inner`;
    const from = upserts
      ? sql`${id(this.#written_)} as w left join ${id(this.#old)} as o on ${this.#upsert!.match}`
      : looks
      ? sql`${id(this.#old)} as o ${side} join ${id(this.#written_)} as w
        on w.kysera_o = o.kysera_o and w.kysera_c = o.kysera_c`
      : sql`${id(this.#written_)} as w`;
    const before = kind === "insert" && !this.#tellsOld
      ? sql`null::jsonb`
      : upserts || looks
      ? sql`o.kysera_old`
      : sql`w.kysera_old`;
    const after = kind === "delete" ? sql`null::jsonb` : sql`w.kysera_new`;
    const both = kind === "delete" ? before : kind === "insert" ? after : sql`coalesce(n, b)`;
    const row = kind === "delete" ? sql`b` : kind === "insert" ? sql`n` : both;
    const key = guards
      ? sql`case when n is null then cast(cast(${
        MEANWHILE + " "
      }::text || left(b::text, 1) as integer) as text)
        else ${keyOf(table, sql`n`)} end`
      : keyOf(table, row);
    return sql`select ${table.label}::text as kysera_table, ${key} as kysera_key,
      ${this.#operation()} as kysera_operation,
      ${settings.captureOldValues ? kept(sql`b`, table) : sql`null::jsonb`} as kysera_old,
      ${settings.captureNewValues ? kept(sql`n`, table) : sql`null::jsonb`} as kysera_new
      from (select ${before} as b, ${after} as n from ${from}) as c`;
  }

  /** What makes the statement fail where another transaction came in between. */
  guard(): Expression<any>[] {
    const fails = (count: Expression<any>): Expression<any> =>
      sql`select null::text, null::text,
        cast(cast(${MEANWHILE + ": "}::text || g.n as integer) as text), null::text, null::text
        from (${count}) as g where g.n <> 0`;
    if (this.#upsert !== undefined) {
      return [fails(
        sql`select count(*) as n from ${id(this.#written_)} as w left join ${
          id(this.#old)
        } as o on ${this.#upsert.match} where w.kysera_met and o.kysera_old is null`,
      )];
    }
    return [];
  }

  get #tellsOld(): boolean {
    const { onConflict } = partsOf(this.write.node);
    return this.write.kind !== "insert" ||
      (onConflict !== undefined && onConflict.doNothing !== true);
  }

  get #old(): string {
    return `kysera_old${this.#suffix}`;
  }

  get #written_(): string {
    return `kysera_write${this.#suffix}`;
  }

  #operation(): Expression<any> {
    const { kind, table: { deletedAt } } = this.write;
    if (kind === "delete") return sql`'DELETE'`;
    if (kind === "insert" && !this.#tellsOld) return sql`'INSERT'`;
    const cases: Expression<any>[] = [];
    if (kind !== "update") cases.push(sql`when b is null then 'INSERT'`);
    if (kind === "merge") cases.push(sql`when n is null then 'DELETE'`);
    if (deletedAt !== undefined) {
      const [b, n] = [sql`b->>${deletedAt}::text`, sql`n->>${deletedAt}::text`];
      cases.push(sql`when ${b} is null and ${n} is not null then 'SOFT_DELETE'`);
      cases.push(sql`when ${b} is not null and ${n} is null then 'RESTORE'`);
    }
    return cases.length === 0
      ? sql`'UPDATE'`
      : sql`case ${sql.join(cases, sql` `)} else 'UPDATE' end`;
  }

  /** The write, telling the rows as they were and are. */
  #written(): OperationNode {
    const { kind, node } = this.write;
    const { returning } = partsOf(node);
    const more: SelectionNode[] = [];
    if (looksFirst(this.write)) {
      more.push(selection(sql`${id(this.#old)}.kysera_o`, "kysera_o"));
      more.push(selection(sql`${id(this.#old)}.kysera_c`, "kysera_c"));
      more.push(selection(sql`to_jsonb(${this.#row})`, "kysera_new"));
      const own = returning === undefined ? undefined : this.#withoutStar(returning);
      return this.#restricted(copy(node, { returning: returningMore(own, more) }));
    }
    if (kind === "delete") {
      more.push(selection(sql`to_jsonb(${this.#row})`, "kysera_old"));
    } else if (kind === "insert" && !this.#tellsOld) {
      more.push(selection(sql`to_jsonb(${this.#row})`, "kysera_new"));
    } else if (this.#upsert !== undefined) {
      more.push(selection(sql`to_jsonb(${this.#row})`, "kysera_new"));
      more.push(selection(sql`${id(this.write.alias)}.xmax::text <> '0'`, "kysera_met"));
    } else {
      return copy(node, { returning: this.#withOld(returning) });
    }
    const written = copy(node, { returning: returningMore(returning, more) });
    return this.#upsert === undefined ? written : this.#afterLooking(written);
  }

  /**
   * An upsert that reads the rows it meets before it changes the first: parts of a WITH run when they
   * are needed, and of a row that was changed there is no old version to lock.
   */
  #afterLooking(node: OperationNode): OperationNode {
    const { onConflict } = partsOf(node);
    const { updateWhere } = onConflict as { updateWhere?: WhereNode };
    const looked = sql`(select count(*) from ${id(this.#old)}) >= 0`;
    const where = updateWhere === undefined ? looked : sql`${looked} and (${q(updateWhere.where)})`;
    return copy(node, {
      onConflict: copy(onConflict!, { updateWhere: WhereNode.create(where.toOperationNode()) }),
    });
  }

  /** RETURNING that names the tables whose columns a star stands for: ours is not one of them. */
  #withoutStar(returning: ReturningNode): ReturningNode {
    const { table, from, joins } = partsOf(this.write.node);
    const joined_ = (joins ?? []).map((join) => (join as { table?: OperationNode }).table!);
    const stars = [table!, ...from?.froms ?? [], ...joined_].map((source) => {
      const alias = tableIn(source)?.alias ?? aliasOf(source);
      if (alias !== undefined) return sql`${id(alias)}.*`.toOperationNode();
      throw new AuditNotPossibleError(
        this.write.table.label,
        "RETURNING * of a join with raw SQL; name the columns",
      );
    });
    return ReturningNode.create(
      returning.selections.flatMap((each) =>
        each.selection.kind === "SelectAllNode"
          // A star of a table is selected like a column.
          ? stars.map((star) => copy(each, { selection: star }))
          : [each]
      ),
    );
  }

  /** RETURNING of PostgreSQL 18. */
  #withOld(returning: ReturningNode | undefined): ReturningNode {
    const { from, using, joins } = partsOf(this.write.node);
    const text = JSON.stringify(
      [this.write.targets, from, using, joins],
      (_, value: unknown) => typeof value === "bigint" ? null : value,
    );
    // A table or an alias of that name takes the place of what RETURNING means by it.
    const isTaken = /"name":"(?:old|new)"/i.test(text);
    if (!isTaken) {
      return returningMore(returning, [
        selection(sql`to_jsonb(old.*)`, "kysera_old"),
        selection(sql`to_jsonb(new.*)`, "kysera_new"),
      ]);
    }
    const [first, ...rest] = [
      selection(sql`to_jsonb(kysera_o.*)`, "kysera_old"),
      selection(sql`to_jsonb(kysera_n.*)`, "kysera_new"),
    ];
    const [own, ...others] = returning?.selections ?? [];
    const start = sql`with (old as kysera_o, new as kysera_n) ${q(own ?? first!)}`
      .toOperationNode();
    // RETURNING WITH stands before the first of what is selected; the compiler writes it as it is.
    const head = start as unknown as SelectionNode;
    return ReturningNode.create([head, ...others, ...own === undefined ? [] : [first!], ...rest]);
  }

  /** The UPDATE of the rows that were looked at, and no others. */
  #restricted(node: OperationNode): OperationNode {
    const { from, joins, where } = partsOf(node);
    const { alias, table: { key } } = this.write;
    const [target, old] = [id(alias), id(this.#old)];
    const isSame = key.length > 0 && this.#plan.locked === undefined
      // By the key, because a row that changed meanwhile is another version, at another place.
      ? joined(
        key.map((column, i) => sql`${target}.${id(column)} = ${old}.${id(`kysera_k${i}`)}`),
        " and ",
      )
      : sql`${target}.tableoid = ${old}.kysera_o and ${target}.ctid = ${old}.kysera_c`;
    const joins_ = from !== undefined || joins !== undefined;
    const condition = joins_ && where !== undefined
      ? sql`(${q(where.where)}) and ${isSame}`
      : isSame;
    return copy(node, {
      // First, so that what follows stays next to its joins.
      from: FromNode.create([tableNode(this.#old, undefined), ...from?.froms ?? []]),
      where: WhereNode.create(condition.toOperationNode()),
    });
  }
}

function aliasOf(node: OperationNode): string | undefined {
  const { alias } = node as { alias?: OperationNode & { name?: string } };
  return alias?.kind === "IdentifierNode" ? alias.name : undefined;
}

/** The target of an UPDATE, and what it is joined to. */
function sourcesOf(
  table: OperationNode,
  from: FromNode | undefined,
  joins: readonly OperationNode[] | undefined,
): Expression<any> {
  const froms = [table, ...from?.froms ?? []].map(q);
  return joins === undefined
    ? sql.join(froms)
    : sql`${sql.join(froms)} ${sql.join(joins.map(q), sql` `)}`;
}

/** What entries call a row: the text of its key, or a list of a composite one. */
function keyOf({ key }: AuditedTable, row: Expression<any>): Expression<any> {
  if (key.length === 0) return sql`null::text`;
  if (key.length === 1) return sql`${row}->>${key[0]}::text`;
  const values = key.map((column) => sql`coalesce((${row}->${column}::text)::text, 'null')`);
  return sql`'[' || ${sql.join(values, sql` || ',' || `)} || ']'`;
}

/** What is kept of a row. */
function kept(row: Expression<any>, table: AuditedTable): Expression<any> {
  if (table.keepsAll) return row;
  const names = new Set(table.kept.map(({ name }) => name));
  const dropped = table.info.columns.filter(({ name }) => !names.has(name));
  let out: Expression<any> = row;
  for (const { name } of dropped) out = sql`(${out} - ${name}::text)`;
  for (const column of table.masked) {
    out = sql`(${out} || case when ${row}->>${column}::text is null then '{}'::jsonb
      else jsonb_build_object(${column}::text, ${MASK}::text) end)`;
  }
  return out;
}

function cte(name: string, body: Expression<any>, materialized = false): OperationNode {
  const made = CommonTableExpressionNode.create(
    CommonTableExpressionNameNode.create(name),
    // A part that is raw SQL has its brackets itself.
    isBracketed(body) ? body.toOperationNode() : sql`(${body})`.toOperationNode(),
  );
  return materialized ? copy(made, { materialized: true }) : made;
}

function isBracketed(body: Expression<any>): boolean {
  const { sqlFragments } = body.toOperationNode() as { sqlFragments?: readonly string[] };
  return sqlFragments?.[0] === "(" && sqlFragments.at(-1) === ")";
}

function cteOf(name: string, node: OperationNode): OperationNode {
  // The compiler brackets statements, but for MERGE.
  return node.kind === "MergeQueryNode"
    ? cte(name, q(node))
    : CommonTableExpressionNode.create(CommonTableExpressionNameNode.create(name), node);
}

function unionOf(pieces: readonly Expression<any>[]): Expression<any> {
  return sql.join(pieces, sql` union all `);
}
