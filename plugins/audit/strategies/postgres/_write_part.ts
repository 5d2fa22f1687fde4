import {
  CommonTableExpressionNode,
  type Expression,
  FromNode,
  type OperationNode,
  ReturningNode,
  type SelectionNode,
  sql,
  WhereNode,
} from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
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
} from "../../sql/_nodes.ts";
import { withOf } from "../common/_before.ts";
import {
  aliasOf,
  type AuditedWrite,
  cte,
  cteOf,
  HAS_OLD,
  kept,
  keyOf,
  looksFirst,
  MEANWHILE,
  type Plan,
  sourcesOf,
} from "./_parts.ts";
import { returnedNames } from "./_returned_names.ts";
import { rowImage } from "./_row_image.ts";
import { oldOfUpsert } from "./_upsert.ts";

/** One write, taken apart. */
export class WritePart {
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
    this.#row = rowImage(write.table, write.alias);
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
      ? oldOfUpsert(write, this.#inner)
      : undefined;
  }

  /** The WITH of a part of the query's own WITH; the query's own comes before all of ours. */
  get #inner(): Expression<any> {
    return this.write.cte === undefined ? sql`` : withOf(this.write.node);
  }

  /** Whether the table is read before it is written. */
  get readsTable(): boolean {
    return this.#upsert !== undefined || looksFirst(this.write);
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
    const rows =
      sql`${this.#inner}select ${target}.tableoid as kysera_o, ${target}.ctid as kysera_c,
      ${this.#row} as kysera_old${sql.join(keys, sql``)}
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
    // Of rows in partitions the condition of the upsert looks.
    if (this.#upsert !== undefined && !this.write.table.info.isScattered) {
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
      more.push(selection(this.#row, "kysera_new"));
      const own = returning === undefined ? undefined : this.#withoutStar(returning);
      return this.#restricted(copy(node, { returning: returningMore(own, more) }));
    }
    if (kind === "delete") {
      more.push(selection(this.#row, "kysera_old"));
    } else if (kind === "insert" && !this.#tellsOld) {
      more.push(selection(this.#row, "kysera_new"));
    } else if (this.#upsert !== undefined) {
      more.push(selection(this.#row, "kysera_new"));
      if (!this.write.table.info.isScattered) {
        more.push(selection(sql`${id(this.write.alias)}.xmax::text <> '0'`, "kysera_met"));
      }
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
    const counted = sql`(select count(*) from ${id(this.#old)}) >= 0`;
    const looked = this.write.table.info.isScattered
      ? sql`${counted} and ${this.#wasSeen()}`
      : counted;
    const where = updateWhere === undefined ? looked : sql`${looked} and (${q(updateWhere.where)})`;
    return copy(node, {
      onConflict: copy(onConflict!, { updateWhere: WhereNode.create(where.toOperationNode()) }),
    });
  }

  /**
   * Fails where an upsert meets a row that another transaction inserted in that moment. Rows of
   * partitions and of other servers have no `xmax` that would tell.
   */
  #wasSeen(): Expression<any> {
    const seen = sql`exists (select 1 from ${id(this.#old)} as o where ${this.#upsert!.isOld})`;
    return sql`case when ${seen} then true
      else cast(${MEANWHILE + ": "}::text || (${seen})::text as integer) is null end`;
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
        selection(rowImage(this.write.table, "old"), "kysera_old"),
        selection(rowImage(this.write.table, "new"), "kysera_new"),
      ]);
    }
    const [first, ...rest] = [
      selection(rowImage(this.write.table, "kysera_o"), "kysera_old"),
      selection(rowImage(this.write.table, "kysera_n"), "kysera_new"),
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
