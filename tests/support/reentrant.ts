/**
 * A plugin whose every hook compiles queries on its own executor, and lets some of them be refused:
 * what an executor makes of a query must not depend on it.
 */
import {
  bindContext,
  compilePlan,
  explainQuery,
  getRawDb,
  type Plugin,
  Slot,
  withMetadata,
} from "@kysera/executor";
import type { HookName } from "../../executor/contract/_hook_table.ts";
import { CamelCasePlugin, CompiledQuery, type Kysely, sql } from "kysely";

/** A member of a plugin that the executor calls. */
export type MeddlingHook =
  | Exclude<HookName, "setup" | "onDestroy" | "extendRepository">
  /** What a filter reads by `value()`. */
  | "value"
  /** What a filter reads by `cached()`, and the key of it. */
  | "cached"
  /** The members of what `check` returns. */
  | "satisfied"
  | "predicate"
  | "refuse";

/** What a {@linkcode Meddler} does. */
export interface MeddlerOptions {
  /** Tables that its queries name. */
  readonly tables: readonly string[];
  /** The hooks that compile queries. Default: all. */
  readonly hooks?: readonly MeddlingHook[] | undefined;
  /** How many queries each call of a hook compiles. Default: all that there are. */
  readonly queries?: number | undefined;
  /** A context that rows are of `{ tenant_id: 1 }` are written under. */
  readonly context?: object | undefined;
}

/** How deep hooks compile queries whose hooks compile queries. */
const DEEPEST = 2;
/** Of how many calls below the first level one compiles a query: there are many. */
const SELDOM = 19;

/** Compiles queries in the midst of other queries. */
export class Meddler {
  /** How often each hook was called. */
  readonly calls: Map<MeddlingHook, number> = new Map();
  /** How many of the queries were compiled, and how many were refused. */
  readonly counts: { compiled: number; refused: number } = { compiled: 0, refused: 0 };
  readonly #options: MeddlerOptions;
  #queries: readonly (() => unknown)[] = [];
  #next = 0;
  #nested = 0;
  #depth = 0;

  constructor(options: MeddlerOptions) {
    this.#options = options;
  }

  /** Takes an executor, and a transaction of it, to compile queries on. */
  use(executor: Kysely<any>, transaction?: Kysely<any>): void {
    this.#queries = queriesOn(executor, transaction, this.#options);
  }

  /** Compiles queries, and lets nobody know of those that are refused. */
  meddle(hook: MeddlingHook): void {
    const { hooks, queries = Infinity } = this.#options;
    if (this.#queries.length === 0) return;
    this.calls.set(hook, (this.calls.get(hook) ?? 0) + 1);
    if (this.#depth >= DEEPEST || (hooks !== undefined && !hooks.includes(hook))) return;
    if (this.#depth > 0 && this.#nested++ % SELDOM !== 0) return;
    this.#depth++;
    try {
      const most = this.#depth === 1 ? Math.min(queries, this.#queries.length) : 1;
      for (let i = 0; i < most; i++) this.#compile();
    } finally {
      this.#depth--;
    }
  }

  #compile(): void {
    try {
      this.#queries[this.#next++ % this.#queries.length]!();
      this.counts.compiled++;
    } catch {
      this.counts.refused++;
    }
  }
}

/** What a {@linkcode reentrant} plugin does. */
export interface ReentrantOptions extends MeddlerOptions {
  /** Tables that other plugins filter: of these alone there may be a predicate, which changes nothing. */
  readonly filtered?: readonly string[] | undefined;
  /** Whether the hooks are `stable` and the caller may change; else the plugin intercepts queries. */
  readonly stable?: boolean | undefined;
}

/**
 * Creates a plugin whose every hook compiles queries on the executor that calls it, and which changes
 * nothing of what its executor does.
 */
export function reentrant(options: ReentrantOptions): Plugin & { readonly meddler: Meddler } {
  const { filtered = [], stable = false } = options;
  const meddler = new Meddler(options);
  const meddle = (hook: MeddlingHook): void => meddler.meddle(hook);
  let integer = sql.raw("integer");
  return {
    meddler,
    name: "reentrant",
    version: "1.0.0",
    stable,
    setup(host) {
      if (host.dialect === "mysql") integer = sql.raw("signed");
      return {};
    },
    async onInit(executor) {
      let transaction: Kysely<any> | undefined;
      await executor.transaction().execute((trx) => {
        transaction = trx;
        return Promise.resolve();
      });
      meddler.use(executor, transaction);
      meddle("onInit");
    },
    appliesTo() {
      meddle("appliesTo");
      return true;
    },
    filter({ physicalName }, { eb, value, cached }) {
      meddle("filter");
      if (!filtered.includes(physicalName)) return undefined;
      const { one } = cached(() => {
        meddle("cached");
        return { one: 1 };
      }, ({ one }) => {
        meddle("cached");
        return one;
      });
      const read = value(() => {
        meddle("value");
        return one;
      });
      return eb(eb.lit(1), "=", sql<1>`cast(${read} as ${integer})`);
    },
    stamp() {
      meddle("stamp");
      return undefined;
    },
    check() {
      meddle("check");
      return {
        columns: [],
        says: "nothing",
        satisfied() {
          meddle("satisfied");
          return true;
        },
        predicate(_row, { eb }) {
          meddle("predicate");
          return eb(eb.lit(1), "=", eb.lit(1));
        },
      };
    },
    mask() {
      meddle("mask");
      return undefined;
    },
    rewriteDelete() {
      meddle("rewriteDelete");
      return undefined;
    },
    callerMayChange() {
      meddle("callerMayChange");
      return stable;
    },
    callerOf() {
      meddle("callerOf");
      return "the only one";
    },
    discover() {
      meddle("discover");
    },
    copies() {
      meddle("copies");
      return undefined;
    },
    governs() {
      meddle("governs");
      return false;
    },
    async aroundQuery(query, next) {
      meddle("aroundQuery");
      const result = await next(query);
      meddle("aroundQuery");
      return result;
    },
    aroundStream(query, next) {
      meddle("aroundStream");
      return next(query);
    },
    explain() {
      meddle("explain");
      return [];
    },
    describe() {
      meddle("describe");
      return [];
    },
    warn() {
      meddle("warn");
      return undefined;
    },
    optionNames() {
      meddle("optionNames");
      return [];
    },
    ...stable ? {} : {
      interceptQuery(qb) {
        meddle("interceptQuery");
        return qb;
      },
    },
  };
}

/** Queries of every kind, through every kind of handle; some of them are refused. */
function queriesOn(
  executor: Kysely<any>,
  transaction: Kysely<any> | undefined,
  { tables, context = { tenant: 1, auth: { userId: 1, roles: [], tenantId: 1 } } }: MeddlerOptions,
): readonly (() => unknown)[] {
  const [one = "t", other = one] = tables;
  const build: readonly ((db: Kysely<any>) => { compile(): CompiledQuery })[] = [
    (db) => db.selectFrom(one).selectAll(),
    (db) => db.insertInto(one).values({ id: 1, tenant_id: 2 }),
    (db) => db.selectFrom(`${one} as a`).leftJoin(`${other} as b`, "b.id", "a.id").select("b.id"),
    (db) => db.updateTable(other).set({ id: 2 }).where("id", "=", 1),
    (db) =>
      db.with("w", (w) => w.selectFrom(other).select("id")).insertInto(one)
        .columns(["id"]).expression((eb) => eb.selectFrom("w").select("id")),
    (db) => db.deleteFrom(one).where("id", "in", db.selectFrom(other).select("id")),
    (db) => db.replaceInto(one).values({ id: 1 }),
    (db) => db.insertInto(one).values({ id: 1 }).onConflict((oc) => oc.column("id").doNothing()),
    (db) => db.mergeInto(one).using(other, `${one}.id`, `${other}.id`).whenMatched().thenDelete(),
    (db) => db.selectFrom(sql`${sql.raw(one)}, (select 1)`.as("x")).selectAll(),
    (db) =>
      db.insertInto(one).values({ id: 1, tenant_id: 1 })
        .onConflict((oc) => oc.column("id").doUpdateSet({ tenant_id: 2 })).returningAll(),
  ];
  const handles: readonly (() => Kysely<any>)[] = [
    () => executor,
    () => bindContext(executor, context),
    () => bindContext(executor, { tenant: 2, auth: { userId: 2, roles: ["root"], tenantId: 2 } }),
    () => withMetadata(bindContext(executor, context), { includeDeleted: true }),
    () => bindContext(executor, context).withSchema("other"),
    () => transaction ?? executor,
    () => bindContext(transaction ?? executor, context),
    () => executor.withPlugin(new CamelCasePlugin()),
    () => executor.withoutPlugins(),
  ];
  const compiled = handles.flatMap((handle) => build.map((make) => () => make(handle()).compile()));
  const planned = handles.flatMap((handle) =>
    [build[0]!, build[1]!, build[4]!].map((make) => () => {
      const db = handle();
      compilePlan(db, make).bind(db, []);
    })
  );
  const more: readonly (() => unknown)[] = [
    () => {
      const db = bindContext(executor, context);
      const plan = compilePlan(
        db,
        (db) => db.insertInto(one).values({ id: new Slot<number>(0), tenant_id: new Slot(1) }),
      );
      plan.bind(db, [1, 1]);
      plan.bind(db, [1, 2]);
    },
    () => explainQuery(executor, executor.selectFrom(one).selectAll()),
    () => {
      const db = bindContext(executor, context);
      explainQuery(db, db.updateTable(one).set({ tenant_id: 2 }));
    },
    () => {
      throw new Error("a hook's own mistake, which it catches");
    },
    () => getRawDb(executor).selectFrom(one).selectAll().compile(),
    () => sql`select * from ${sql.table(one)}`.compile(bindContext(executor, context)),
    // A builder that stands in a query of another executor instance.
    () => {
      const db = bindContext(executor, context);
      db.selectFrom(one).where("id", "in", executor.selectFrom(other).select("id")).compile();
    },
    () =>
      executor.getExecutor().transformQuery(
        CompiledQuery.raw("select 1").query,
        { queryId: "1" },
      ),
  ];
  // Neighbours differ, so that few in a row are of many kinds.
  const all = [...compiled, ...planned, ...more];
  const step = 37;
  return all.map((_, i) => all[(i * step) % all.length]!);
}
