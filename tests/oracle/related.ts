/**
 * Relations on random rows: what a repository and `relations.load` give on a database with hidden rows
 * must be what is computed here, row by row, of a database that holds the visible rows alone.
 */
import { createRepository, defineRelations, type RelationConfig } from "@kysera/repository";
import fc from "fast-check";
import type { Kysely } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { OracleWorld } from "./run.ts";
import { createTables, type Data, isHidden, load, type Row, tables } from "./schema.ts";
import { inserts } from "./execute.ts";
import { Mismatch, type Outcome, type Subject } from "./world.ts";

/** Relations of every sort: by unique and other columns, texts, and several columns. */
export const RELATIONS: Readonly<Record<string, Readonly<Record<string, RelationConfig>>>> = {
  users: {
    posts: { type: "hasMany", table: "blog_posts", columns: { id: "team_id" } },
    happenings: { type: "hasMany", table: "events", columns: { score: "score" } },
    alike: { type: "hasMany", table: "users", columns: { team_id: "team_id", score: "score" } },
    namesake: { type: "hasOne", table: "notes", columns: { name: "name" } },
    liked: {
      type: "manyToMany",
      table: "blog_posts",
      through: { table: "tags", from: { id: "team_id" }, to: { score: "id" } },
    },
    met: {
      type: "manyToMany",
      table: "notes",
      through: { table: "events", from: { team_id: "team_id" }, to: { score: "id" } },
    },
  },
  blog_posts: {
    owner: { type: "belongsTo", table: "users", columns: { team_id: "id" } },
    first: { type: "hasOne", table: "users", columns: { score: "score" } },
    labels: { type: "hasMany", table: "tags", columns: { name: "name" } },
  },
  notes: {
    owner: { type: "belongsTo", table: "users", columns: { team_id: "id" } },
    events: { type: "hasMany", table: "events", columns: { id: "id" } },
  },
  events: { writer: { type: "belongsTo", table: "users", columns: { id: "id" } } },
};

/** A condition, in the form that repositories take. */
type Where = Record<string, unknown>;

interface Options {
  readonly where?: Where;
  readonly orderBy?: readonly {
    readonly column: string;
    readonly direction: "asc" | "desc";
    readonly nulls?: "first" | "last";
  }[];
  readonly limit?: number;
  readonly select?: readonly string[];
  readonly include?: Include;
}

type Include = Readonly<Record<string, Options | Record<string, { where?: Where }>>>;

/** What is asked of both sides. */
export interface RelatedCase {
  readonly table: string;
  readonly how: "find" | "load" | "page" | "transaction" | "count" | "where";
  readonly where?: Where;
  readonly include: Include;
}

const COLUMNS: readonly string[] = ["id", "team_id", "score", "name"];
const VALUES = fc.integer({ min: 0, max: 6 });
const TEXTS = fc.constantFrom("a", "b", "ab", "ba", "c");

const valuesOf = (column: string): fc.Arbitrary<unknown> => column === "name" ? TEXTS : VALUES;

const leaf: fc.Arbitrary<Where> = fc.constantFrom(...COLUMNS).chain((column) =>
  fc.oneof(
    valuesOf(column),
    fc.constant(null),
    fc.tuple(fc.constantFrom("eq", "ne", "gt", "gte", "lt", "lte"), valuesOf(column))
      .map(([operator, value]) => ({ [operator]: value })),
    fc.array(valuesOf(column), { maxLength: 3 }).map((list) => ({ in: list })),
    fc.boolean().map((isNull) => ({ isNull })),
  ).map((condition) => ({ [column]: condition }))
);

function where(table: string, depth: number): fc.Arbitrary<Where> {
  const names = Object.keys(RELATIONS[table] ?? {});
  if (depth === 0 || names.length === 0) return leaf;
  const inner = where(table, depth - 1);
  const related = fc.constantFrom(...names).chain((name) => {
    const { type, table: other } = RELATIONS[table]![name]!;
    const tests = type === "belongsTo" || type === "hasOne"
      ? ["some", "every", "none", "is", "isNot"]
      : ["some", "every", "none"];
    return fc.tuple(
      fc.constantFrom(...tests),
      fc.oneof(fc.constant({}), where(other, depth - 1)),
      fc.boolean(),
    ).map(([test, part, isNull]) => ({
      [name]: { [test]: isNull && test.startsWith("is") ? null : part },
    }));
  });
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    { weight: 4, arbitrary: related },
    { weight: 1, arbitrary: inner.map((part) => ({ not: part })) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("and", "or"), inner, leaf)
        .map(([key, a, b]) => ({ [key]: [a, b] })),
    },
  );
}

const order = fc.tuple(
  fc.constantFrom("score", "name", "team_id"),
  fc.constantFrom("asc" as const, "desc" as const),
  fc.constantFrom("first" as const, "last" as const),
).map(([column, direction, nulls]) => [
  { column, direction, nulls },
  { column: "id", direction: "asc" as const },
]);

function include(table: string, depth: number): fc.Arbitrary<Include> {
  const names = Object.keys(RELATIONS[table] ?? {});
  if (depth === 0 || names.length === 0) return fc.constant({});
  const counts = fc.dictionary(
    fc.constantFrom(...names),
    fc.constant(undefined),
    { maxKeys: 2, noNullPrototype: true },
  ).chain((chosen) =>
    fc.record(
      Object.fromEntries(
        Object.keys(chosen).map((name) => [
          name,
          fc.option(where(RELATIONS[table]![name]!.table, 1), { nil: undefined })
            .map((where) => where === undefined ? {} : { where }),
        ]),
      ),
    )
  );
  return fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }).chain((chosen) =>
    fc.tuple(
      fc.record(
        Object.fromEntries(chosen.map((name) => [name, optionsOf(table, name, depth - 1)])),
      ),
      counts,
    )
  ).map(([options, counts]): Include => ({
    ...options,
    ...Object.keys(counts).length === 0 ? {} : { _count: counts },
  }));
}

function optionsOf(table: string, name: string, depth: number): fc.Arbitrary<Options> {
  const { type, table: other } = RELATIONS[table]![name]!;
  const isKeyed = tables.find((each) => each.name === other)!.keyed;
  const many = type === "hasMany" || type === "manyToMany";
  const maybe = <T>(what: fc.Arbitrary<T>, can = true): fc.Arbitrary<T | undefined> =>
    can ? fc.option(what, { nil: undefined }) : fc.constant(undefined);
  return fc.record({
    where: maybe(where(other, 2)),
    // Of rows without a key any of several that are equal may come first.
    orderBy: maybe(order, type !== "belongsTo" && isKeyed),
    limit: maybe(fc.integer({ min: 1, max: 3 }), many && isKeyed),
    select: maybe(fc.subarray([...COLUMNS], { minLength: 1 })),
    include: maybe(include(other, depth), depth > 0),
  }).map((options) =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  );
}

/** Random questions. */
export const relatedCases: fc.Arbitrary<RelatedCase> = fc.constantFrom(...Object.keys(RELATIONS))
  .chain((table) =>
    fc.record({
      table: fc.constant(table),
      how: fc.constantFrom<RelatedCase["how"][]>(
        "find",
        "find",
        "load",
        "page",
        "transaction",
        "count",
        "where",
      ),
      where: fc.option(where(table, 3), { nil: undefined }),
      include: include(table, 3),
    }).map(({ where, ...rest }): RelatedCase => where === undefined ? rest : { ...rest, where })
  );

/** Several rows where there may be one. */
class Several extends Error {}

/** The answers by hand, of the rows that are visible. */
class ByHand {
  readonly #rows: Data;

  constructor(rows: Data) {
    this.#rows = rows;
  }

  ask({ table, how, where, include }: RelatedCase): unknown {
    const rows = this.#rows[table]!.filter((row) => this.#holds(table, row, where) === true);
    if (how === "count") return rows.length;
    if (how === "where") return texts(rows.map(({ id }) => ({ id })), false);
    return texts(rows.map((row) => this.#with(table, row, row, include)), false);
  }

  #with(table: string, row: Row, shown: Partial<Row>, include: Include): object {
    const out: Record<string, unknown> = { ...shown };
    for (const [name, options] of Object.entries(include)) {
      if (name === "_count") {
        out[name] = Object.fromEntries(
          Object.entries(options as Record<string, { where?: Where }>).map(([name, { where }]) => [
            name,
            this.#related(table, name, row, where).length,
          ]),
        );
      } else out[name] = this.#included(table, name, row, options as Options);
    }
    return out;
  }

  #included(table: string, name: string, row: Row, options: Options): unknown {
    const { type, table: other } = RELATIONS[table]![name]!;
    let rows = this.#related(table, name, row, options.where);
    if (options.orderBy !== undefined || options.limit !== undefined) {
      rows = rows.toSorted(byOrder(options.orderBy ?? [{ column: "id", direction: "asc" }]));
    }
    const isOne = type === "belongsTo" || type === "hasOne";
    if (isOne && options.orderBy !== undefined) rows = rows.slice(0, 1);
    if (isOne && rows.length > 1) throw new Several();
    const shown = rows.slice(0, options.limit).map((row) => {
      const { select } = options;
      const part = select === undefined
        ? row
        : Object.fromEntries(select.map((column) => [column, row[column as keyof Row]]));
      return this.#with(other, row, part, options.include ?? {});
    });
    return isOne ? shown[0] ?? null : texts(shown, options.orderBy !== undefined);
  }

  /** The related rows, each as often as the table between has it. */
  #related(table: string, name: string, row: Row, where?: Where): Row[] {
    const { table: other, columns, through } = RELATIONS[table]![name]!;
    const fits = (a: Row, b: Row, pairs: Readonly<Record<string, string>>): boolean =>
      Object.entries(pairs).every(([own, theirs]) => {
        const value = a[own as keyof Row];
        return value !== null && value === b[theirs as keyof Row];
      });
    const rows = through === undefined
      ? this.#rows[other]!.filter((each) => fits(row, each, columns!))
      : this.#rows[through.table]!.filter((link) => fits(row, link, through.from!))
        .flatMap((link) => this.#rows[other]!.filter((each) => fits(link, each, through.to!)));
    return rows.filter((each) => this.#holds(other, each, where) === true);
  }

  /** Three-valued: `undefined` is unknown. */
  #holds(table: string, row: Row, where: Where = {}): boolean | undefined {
    return all(
      Object.entries(where).map(([key, value]) => {
        if (key === "and") {
          return all((value as Where[]).map((part) => this.#holds(table, row, part)));
        }
        if (key === "or") {
          return not(all((value as Where[]).map((part) => not(this.#holds(table, row, part)))));
        }
        if (key === "not") return not(this.#holds(table, row, value as Where));
        if (RELATIONS[table]?.[key] === undefined) {
          return compared(row[key as keyof Row] as string | number | null, value);
        }
        return all(
          Object.entries(value as Record<string, Where | null>).map(([test, part]) => {
            const found = this.#related(table, key, row);
            const other = RELATIONS[table]![key]!.table;
            const fitting = found.filter((each) => this.#holds(other, each, part ?? {}) === true);
            if (test === "every") return fitting.length === found.length;
            const isSome = test === "some" || test === (part === null ? "isNot" : "is");
            return isSome ? fitting.length > 0 : fitting.length === 0;
          }),
        );
      }),
    );
  }
}

const not = (value: boolean | undefined): boolean | undefined =>
  value === undefined ? undefined : !value;

function all(values: readonly (boolean | undefined)[]): boolean | undefined {
  return values.includes(false) ? false : values.includes(undefined) ? undefined : true;
}

function compared(value: string | number | null, wanted: unknown): boolean | undefined {
  if (wanted === null) return value === null;
  if (typeof wanted !== "object") return value === null ? undefined : value === wanted;
  const [[operator, than]] = Object.entries(wanted as object) as [[string, any]];
  if (operator === "isNull") return (value === null) === than;
  if (operator === "in") {
    if (than.length === 0) return false;
    return value === null ? undefined : than.includes(value);
  }
  if (value === null) return undefined;
  switch (operator) {
    case "eq":
      return value === than;
    case "ne":
      return value !== than;
    case "gt":
      return value > than;
    case "gte":
      return value >= than;
    case "lt":
      return value < than;
    default:
      return value <= than;
  }
}

function byOrder(order: NonNullable<Options["orderBy"]>): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { column, direction, nulls } of order) {
      const [x, y] = [a[column as keyof Row], b[column as keyof Row]];
      if (x === y) continue;
      if (x === null || y === null) return (x === null) === (nulls === "first") ? -1 : 1;
      return (x < y) === (direction === "asc") ? -1 : 1;
    }
    return 0;
  };
}

/** Rows as texts: in their order, or as a bag. */
function texts(rows: readonly object[], isOrdered: boolean): string[] {
  const out = rows.map((row) =>
    JSON.stringify(Object.entries(row).sort(([a], [b]) => a < b ? -1 : 1))
  );
  return isOrdered ? out : out.sort();
}

/** A hidden database behind the relations, and the visible rows. */
export class RelatedWorld implements OracleWorld<RelatedCase> {
  readonly subject: Subject;
  onError: OracleWorld<RelatedCase>["onError"];
  readonly #dialect: TestDialect;
  readonly #closers: (() => Promise<void>)[] = [];
  #full!: Kysely<any>;
  #visible!: Kysely<any>;
  #handle!: Kysely<any>;
  #data: Data = {};
  #byHand!: ByHand;
  readonly #seen: (table: string, row: Row) => Row;

  private constructor(dialect: TestDialect, subject: RelatedSubject) {
    this.#dialect = dialect;
    this.subject = subject;
    this.#seen = subject.seen ?? ((_, row) => row);
  }

  static async open(dialect: TestDialect, subject: RelatedSubject): Promise<RelatedWorld> {
    const world = new RelatedWorld(dialect, subject);
    try {
      world.#full = await world.#open();
      world.#visible = await world.#open();
      world.#handle = await subject.make(world.#full);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async #open(): Promise<Kysely<any>> {
    const { db, close } = await this.#dialect.open({ connections: 1 });
    this.#closers.push(close);
    await createTables(db, this.#dialect.dialect);
    return db;
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    await load(this.#full, data, false);
    const seen = Object.fromEntries(
      Object.entries(data).map(([table, rows]) => [
        table,
        rows.filter((row) => !isHidden(table, row)).map((row) => this.#seen(table, row)),
      ]),
    );
    await load(this.#visible, seen, false);
    const visible: Data = {};
    for (const { name } of tables) {
      visible[name] = await this.#visible.selectFrom(name).selectAll().execute() as Row[];
    }
    this.#byHand = new ByHand(visible);
  }

  async check(asked: RelatedCase): Promise<Outcome> {
    const expected = await outcome(() => this.#byHand.ask(asked));
    const got = await outcome(() => this.#ask(this.#handle, asked));
    if (expected === got) return expected === "several" ? "failed on both sides" : "equal";
    throw new Mismatch(
      "results",
      `The results differ\n  by hand, of visible rows only:\n${expected}\n  ` +
        `${this.subject.name}, through relations:\n${got}`,
    );
  }

  async #ask(db: Kysely<any>, asked: RelatedCase): Promise<unknown> {
    const { table, how, where, include } = asked;
    const relations: any = defined;
    const users: any = createRepository<any, any>(db, { tableName: table, relations });
    const given = where === undefined ? {} : { where };
    switch (how) {
      case "count":
        return await users.count(given);
      case "where":
        return texts(
          await db.selectFrom(`${table} as t`).select("t.id")
            .where(await relations.where(db, table, where ?? {}, { as: "t" })).execute(),
          false,
        );
      case "load": {
        const rows = await users.find(given);
        return shown(table, await relations.load(db, table, rows, include), include);
      }
      case "page": {
        const page = await users.paginate({ ...given, include, limit: 100 });
        return shown(table, page.data, include);
      }
      case "transaction":
        return await users.transaction(async (_: unknown, inside: any) =>
          shown(table, await inside.find({ ...given, include }), include)
        );
      case "find":
        return shown(table, await users.find({ ...given, include }), include);
    }
  }

  describe(asked: RelatedCase): string {
    return [
      `-- ${this.#dialect.name}, ${this.subject.name}`,
      ...inserts(this.#data, (table, row) => isHidden(table, row)),
      `-- asked: ${JSON.stringify(asked, null, 2)}`,
    ].join("\n");
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** What the oracle needs to know of a subject beside which rows it hides. */
export interface RelatedSubject extends Subject {
  /** What a caller sees of a row that is visible: columns may be masked. */
  readonly seen?: (table: string, row: Row) => Row;
}

const defined = defineRelations<any>()(RELATIONS as any);

async function outcome(ask: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await ask(), null, 1);
  } catch (error) {
    if (error instanceof Several || (error as Error).name === "MultipleRowsError") return "several";
    throw error;
  }
}

/** What a repository gives, with lists as {@linkcode texts}. */
function shown(table: string, rows: readonly any[], include: Include): string[] {
  return texts(rows.map((row) => shownRow(table, row, include)), false);
}

function shownRow(table: string, row: any, include: Include): object {
  const out = { ...row };
  for (const [name, options] of Object.entries(include)) {
    if (name === "_count") continue;
    const { table: other } = RELATIONS[table]![name]!;
    const { include: inner = {}, orderBy } = options as Options;
    const related = row[name];
    out[name] = Array.isArray(related)
      ? texts(related.map((each) => shownRow(other, each, inner)), orderBy !== undefined)
      : related === null
      ? null
      : shownRow(other, related, inner);
  }
  return out;
}
