/** Hooks that compile queries on their own executor change nothing of the query that calls them. */
import { type Params, prepareQuery } from "@kysera/dal";
import {
  bindContext,
  CheckRefusedError,
  compilePlan,
  createExecutor,
  createExecutorSync,
  describeExecutor,
  explainQuery,
  type Plugin,
  QueryRefusedError,
  Slot,
  withMetadata,
} from "@kysera/executor";
import type { CompiledQuery, Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOOK_NAMES } from "../../executor/contract/_hook_table.ts";
import { matrix, onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzPart } from "../support/random.ts";
import { Meddler, type MeddlingHook, reentrant } from "../support/reentrant.ts";
import { dummy } from "./dummy.ts";

const TABLES = ["docs", "staff", "tags"];

interface Meddling {
  meddle(hook: MeddlingHook): void;
}

/**
 * Plugins that do all that plugins can do, to tenants' rows: those of a tenant are seen, written and
 * checked, deletes become updates, pay is masked. Each of their members tells when it is called.
 */
function guards({ meddle }: Meddling): Plugin[] {
  const tenantOf = (context: Readonly<Record<string, unknown>> | undefined): unknown => {
    meddle("value");
    return context?.["tenant"] ?? 0;
  };
  const isGuarded: Plugin["appliesTo"] = ({ name }) => {
    meddle("appliesTo");
    return TABLES.includes(name);
  };
  return [
    {
      name: "tenants",
      version: "1.0.0",
      stable: true,
      appliesTo: isGuarded,
      filter(ref, { eb, value, cached }) {
        meddle("filter");
        const isRoot = cached((context) => {
          meddle("cached");
          return { root: context?.["root"] === true };
        }, ({ root }) => {
          meddle("cached");
          return root;
        });
        return isRoot.root ? undefined : eb(ref.column("tenant_id"), "=", value(tenantOf));
      },
      stamp({ operation }, { value }) {
        meddle("stamp");
        return operation === "insert" ? { set: { tenant_id: value(tenantOf) } } : undefined;
      },
      check() {
        meddle("check");
        return {
          columns: ["tenant_id"],
          says: "the tenant is the caller's",
          satisfied(row, context) {
            meddle("satisfied");
            return row["tenant_id"] === undefined
              ? undefined
              : row["tenant_id"] === (context?.["tenant"] ?? 0);
          },
          predicate(row, { eb, value }) {
            meddle("predicate");
            return eb(row.column("tenant_id"), "=", value(tenantOf));
          },
          refuse(problem) {
            meddle("refuse");
            return new CheckRefusedError("docs", "tenants", "its tenant is another", problem);
          },
        };
      },
      explain(_ref, _context, hook) {
        meddle("explain");
        return [`tenants: ${hook}`];
      },
      describe() {
        meddle("describe");
        return ["belongs to tenants"];
      },
    },
    {
      name: "deleted",
      version: "1.0.0",
      appliesTo: isGuarded,
      filter(ref, { eb, value, metadata }) {
        meddle("filter");
        if (metadata["includeDeleted"] === true) return undefined;
        return eb(
          ref.column("gone"),
          "=",
          value(() => {
            meddle("value");
            return 0;
          }),
        );
      },
      rewriteDelete({ table }) {
        meddle("rewriteDelete");
        return table === "docs" ? { set: { gone: 1 } } : undefined;
      },
      callerMayChange(context) {
        meddle("callerMayChange");
        return context?.["mayChange"] === true;
      },
      interceptQuery(qb) {
        meddle("interceptQuery");
        return qb;
      },
      callerOf() {
        meddle("callerOf");
        return "somebody";
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
      async *aroundStream(query, next) {
        meddle("aroundStream");
        yield* next(query);
      },
    },
    {
      name: "pay",
      version: "1.0.0",
      stable: true,
      appliesTo: isGuarded,
      mask({ table }) {
        meddle("mask");
        return table === "staff"
          ? { columns: ["id", "tenant_id", "gone", "pay"], hidden: { pay: null } }
          : undefined;
      },
    },
  ];
}

const HOOKS: readonly MeddlingHook[] = [
  "copies",
  "appliesTo",
  "filter",
  "value",
  "cached",
  "stamp",
  "check",
  "satisfied",
  "predicate",
  "refuse",
  "mask",
  "rewriteDelete",
  "callerMayChange",
  "interceptQuery",
  "aroundQuery",
  "aroundStream",
  "explain",
  "describe",
];

interface Built {
  compile(): CompiledQuery;
  execute(): Promise<unknown[]>;
  withPlugin(plugin: any): unknown;
}

/** Statements of every kind; each is built with its values, or with slots in their place. */
const STATEMENTS: Readonly<Record<string, (db: Kysely<any>, at: (value: number) => any) => Built>> =
  {
    "SELECT": (db, at) => db.selectFrom("docs").selectAll().where("id", ">", at(0)).orderBy("id"),
    "SELECT of a masked table": (db) => db.selectFrom("staff").selectAll().orderBy("id"),
    "SELECT with joins and subqueries": (db, at) =>
      db.selectFrom("docs as d").leftJoin("staff as s", "s.id", "d.id")
        .where("d.id", "in", db.selectFrom("tags").select("tags.id").where("tags.id", ">", at(0)))
        .select(["d.id", "s.pay"]).orderBy("d.id"),
    "INSERT of the tenant's row": (db, at) =>
      db.insertInto("docs").values({ id: at(11), tenant_id: at(1), gone: 0 }),
    "INSERT of another's row": (db, at) =>
      db.insertInto("docs").values({ id: at(12), tenant_id: at(2), gone: 0 }),
    "INSERT that is stamped": (db, at) => db.insertInto("docs").values({ id: at(13), gone: 0 }),
    "INSERT after a SELECT": (db, at) =>
      db.with("w", (w) => w.selectFrom("staff").select("id")).insertInto("docs")
        .values({ id: at(14), tenant_id: at(2), gone: 0 }),
    "INSERT of rows of a SELECT": (db) =>
      db.insertInto("docs").columns(["id", "tenant_id", "gone"]).expression((eb) =>
        eb.selectFrom("tags").select((eb) => [eb("id", "+", 100).as("id"), "tenant_id", "gone"])
      ),
    "UPDATE of what is known": (db, at) =>
      db.updateTable("docs").set({ tenant_id: at(1) }).where("id", "=", at(1)),
    "UPDATE to another tenant": (db, at) =>
      db.updateTable("docs").set({ tenant_id: at(2) }).where("id", "=", at(1)),
    "UPDATE of what is not known": (db) =>
      db.updateTable("docs").set((eb) => ({ tenant_id: eb("tenant_id", "+", 1) })),
    "DELETE that is an UPDATE": (db, at) => db.deleteFrom("docs").where("id", "=", at(2)),
    "DELETE": (db, at) =>
      db.deleteFrom("tags").where("id", "in", db.selectFrom("docs").select("id"))
        .where("id", ">", at(1)),
  };

const CONTEXTS: readonly object[] = [{ tenant: 1 }, { tenant: 1, mayChange: true }, {
  tenant: 1,
  root: true,
}];

/** What came of something, with the values in it. */
function told(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): unknown {
  assert.ok(error instanceof Error);
  return { name: error.name, message: error.message };
}

/** All that an executor makes of the statements, without a database. */
function compiledBy(executor: Kysely<any>): unknown[] {
  return CONTEXTS.flatMap((context) => {
    const bound = bindContext(executor, context);
    const handles = [
      bound,
      bound.withSchema("main"),
      withMetadata(bound, { includeDeleted: true }),
    ];
    return handles.flatMap((db) =>
      Object.entries(STATEMENTS).flatMap(([name, build]) => {
        const values: number[] = [];
        const slots = (value: number) => new Slot<number>(values.push(value) - 1);
        return [
          [name, told(() => shown(build(db, (value) => value).compile()))],
          [
            name,
            told(() => {
              const plan = compilePlan(db, (on) => (values.length = 0, build(on, slots)));
              return [shown(plan.bind(db, values)), plan.kind, plan.reusable];
            }),
          ],
          [
            name,
            told(() => {
              const { refused, ...explained } = explainQuery(
                db,
                build(db, (value) => value) as any,
              );
              return { ...explained, refused: refused && refusal(refused) };
            }),
          ],
        ];
      })
    );
  });
}

function shown({ sql, parameters }: CompiledQuery): unknown {
  // Whatever is not a value would reach the driver.
  for (const value of parameters) assert.notEqual(typeof value, "object", String(value));
  return { sql, parameters };
}

describe("what an executor makes of queries", () => {
  const still = { meddle: () => {} };
  const dialects = ["sqlite", "postgres", "mysql"] as const;
  const asked = HOOKS.filter((hook) => hook !== "describe" && !hook.startsWith("around"));
  const cases = [
    ...asked.map((hook, i) => ({ hooks: [hook], dialect: dialects[i % 3]!, queries: 3 })),
    ...dialects.map((dialect) => ({ hooks: asked, dialect, queries: 1 })),
  ];
  for (const { hooks, dialect, queries } of fuzzPart(cases)) {
    const where = hooks.length === 1 ? hooks[0] : "all of them";
    it(`does not depend on queries that hooks compile in ${where} [${dialect}]`, () => {
      const expected = compiledBy(createExecutorSync(dummy(dialect), guards(still)));
      const meddler = new Meddler({ tables: TABLES, hooks, queries });
      const meddling = guards({ meddle: (hook) => meddler.meddle(hook) });
      const executor = createExecutorSync(dummy(dialect), meddling);
      meddler.use(executor);
      assert.deepEqual(compiledBy(executor), expected);
      // What is kept from before is used the second time.
      assert.deepEqual(compiledBy(executor), expected);
      const { compiled, refused } = meddler.counts;
      assert.ok(compiled > 0 && refused > 0, JSON.stringify(meddler.counts));
    });
  }

  it("is told by describeExecutor() as ever", async () => {
    const sqlite = matrix.find(({ name }) => name === "sqlite")!;
    const describe = async (meddling: Meddling, use?: Meddler) => {
      const { executor, close } = await open(sqlite, meddling);
      try {
        use?.use(executor);
        return await describeExecutor(executor);
      } finally {
        await close();
      }
    };
    const meddler = new Meddler({ tables: TABLES, queries: 10 });
    const got = await describe({ meddle: (hook) => meddler.meddle(hook) }, meddler);
    assert.deepEqual(got, await describe(still));
    assert.ok(meddler.calls.get("describe")! > 0);
  });
});

async function open(dialect: TestDialect, meddling: Meddling) {
  const { db, close } = await dialect.open({ connections: 1 });
  try {
    for (const table of TABLES) {
      await db.schema.createTable(table)
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("tenant_id", "integer")
        .addColumn("gone", "integer")
        .$call((create) => table === "staff" ? create.addColumn("pay", "integer") : create)
        .execute();
      await db.insertInto(table).values([
        { id: 1, tenant_id: 1, gone: 0 },
        { id: 2, tenant_id: 1, gone: 0 },
        { id: 3, tenant_id: 1, gone: 1 },
        { id: 4, tenant_id: 2, gone: 0 },
      ]).execute();
    }
    return { db, executor: await createExecutor(db, guards(meddling)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Outcome of the statements, and state of the tables, in a database. */
async function ranOn(dialect: TestDialect, meddling: Meddling, use?: Meddler): Promise<unknown> {
  const { db, executor, close } = await open(dialect, meddling);
  try {
    if (use !== undefined) {
      await executor.transaction().execute((trx) => {
        use.use(executor, trx);
        return Promise.resolve();
      });
    }
    const results: unknown[] = [];
    for (const context of CONTEXTS.slice(0, 2)) {
      const one = bindContext(executor, context);
      for (const [name, build] of Object.entries(STATEMENTS)) {
        const ran = (run: () => Promise<unknown[]>) =>
          run().then((rows) => rows.map((row) => ({ ...row as object })), refusal);
        results.push([name, await ran(() => build(one, (value) => value).execute())]);
        const prepared = prepareQuery(one, (db, params: Params<Record<string, number>>) => {
          let next = 0;
          return build(db, () => params[`p${next++}`]) as any;
        });
        const values: Record<string, number> = {};
        build(one, (value) => values[`p${Object.keys(values).length}`] = value + 20);
        results.push([name, await ran(() => prepared.execute(values))]);
        results.push([
          name,
          await ran(() =>
            one.transaction().execute((trx) => build(trx, (value) => value + 40).execute())
          ),
        ]);
      }
      if (dialect.name === "sqlite" || dialect.name === "mysql") {
        const streamed: unknown[] = [];
        for await (const row of one.selectFrom("docs").selectAll().orderBy("id").stream()) {
          streamed.push({ ...row });
        }
        results.push(streamed);
      }
    }
    for (const table of TABLES) {
      results.push(await db.selectFrom(table).selectAll().orderBy("id").execute());
    }
    return JSON.parse(
      JSON.stringify(results, (_, value) => typeof value === "bigint" ? String(value) : value),
    );
  } finally {
    await close();
  }
}

describe("a plugin whose hooks compile queries", () => {
  it("has every hook that there is", () => {
    const { meddler: _, ...plugin } = reentrant({ tables: TABLES });
    const left = HOOK_NAMES.filter((name) => typeof plugin[name] !== "function");
    assert.deepEqual(left, ["onDestroy", "extendRepository"]);
  });
});

onEveryDialect("the treatment of rows", (dialect) => {
  it("does not depend on queries that hooks compile, and some of which are refused", async () => {
    const expected = await ranOn(dialect, { meddle: () => {} });
    const meddler = new Meddler({ tables: TABLES, queries: 1 });
    const got = await ranOn(dialect, { meddle: (hook) => meddler.meddle(hook) }, meddler);
    assert.deepEqual(got, expected);
    const { calls, counts } = meddler;
    assert.ok(counts.compiled > 100 && counts.refused > 100, JSON.stringify(counts));
    for (const hook of HOOKS) {
      const isAsked = hook !== "describe" &&
        !(hook === "aroundStream" && dialect.dialect === "postgres");
      assert.equal(calls.has(hook), isAsked, hook);
    }
  });
});

describe("a hook that compiles a query that is refused", () => {
  const secret: Plugin = {
    name: "secret",
    version: "1.0.0",
    appliesTo: ({ name }) => name === "secret",
    check: () => {
      throw new QueryRefusedError("nobody writes here", "UNSUPPORTED", "secret");
    },
  };
  const own: Plugin = {
    name: "own",
    version: "1.0.0",
    stable: true,
    appliesTo: ({ name }) => name === "t",
    check: () => ({
      columns: ["tenant_id"],
      says: "the tenant is the caller's",
      satisfied: (row, context) => row["tenant_id"] === context?.["tenant"],
    }),
  };
  const probing = (probe: () => void): Plugin => ({
    name: "probing",
    version: "1.0.0",
    stable: true,
    appliesTo: ({ name }) => name === "u",
    filter(ref, { eb, value }) {
      probe();
      return eb(ref.column("tenant_id"), "=", value((context) => context?.["tenant"]));
    },
  });

  for (const probes of [false, true]) {
    it(`leaves the checks of the statement that asks it${probes ? "" : ", or none"}`, async () => {
      const sqlite = matrix.find(({ name }) => name === "sqlite")!;
      const { db, close } = await sqlite.open({ connections: 1 });
      try {
        for (const table of ["t", "u", "secret"]) {
          await db.schema.createTable(table).addColumn("id", "integer")
            .addColumn("tenant_id", "integer").execute();
        }
        const made: { one?: Kysely<any> } = {};
        let refusals = 0;
        const probe = () => {
          if (!probes) return;
          try {
            made.one?.insertInto("secret").values({ id: 1 }).compile();
          } catch {
            refusals++;
          }
        };
        const one = made.one = bindContext(
          await createExecutor(db, [secret, own, probing(probe)]),
          { tenant: 1 },
        );
        const add = prepareQuery(
          one,
          (db, x: Params<{ id: number; tenant: number }>) =>
            db.with("w", (q) => q.selectFrom("u").select("id"))
              .insertInto("t").values({ id: x.id, tenant_id: x.tenant }),
        );
        await assert.rejects(add.execute({ id: 2, tenant: 2 }), CheckRefusedError);
        await assert.rejects(
          one.with("w", (q) => q.selectFrom("u").select("id"))
            .insertInto("t").values({ id: 3, tenant_id: 2 }).execute(),
          CheckRefusedError,
        );
        await add.execute({ id: 1, tenant: 1 });
        const rows = await db.selectFrom("t").selectAll().execute();
        assert.deepEqual(rows.map((row) => ({ ...row })), [{ id: 1, tenant_id: 1 }]);
        assert.equal(refusals > 0, probes);
      } finally {
        await close();
      }
    });
  }
});

describe("a hook that compiles a query", () => {
  for (const stable of [false, true]) {
    for (const refused of [false, true]) {
      it(
        `leaves the values of a filter that is ${stable ? "" : "not "}stable${
          refused ? ", whatever the outcome of the query" : ""
        }`,
        () => {
          const made: { executor?: Kysely<any> } = {};
          const late: Plugin = {
            name: "late",
            version: "1.0.0",
            stable,
            appliesTo: ({ name }) => name !== "plain",
            filter(ref, { eb, value }) {
              const { executor } = made;
              if (ref.table === "refused" || executor === undefined) throw new Error("refused");
              const own = eb(ref.column("tenant"), "=", value((context) => context?.["tenant"]));
              if (ref.table === "other") return own;
              try {
                executor.selectFrom(refused ? "refused" : "plain").selectAll().compile();
              } catch {
                // It is none of the outer query's business.
              }
              return own;
            },
          };
          const executor = made.executor = bindContext(
            createExecutorSync(dummy("sqlite"), [late]),
            { tenant: 7 },
          );
          const queries = [
            executor.selectFrom("users").selectAll(),
            executor.selectFrom("other").innerJoin("users", "users.id", "other.id").selectAll(),
            executor.deleteFrom("users").where("id", "=", 7),
          ];
          for (const query of queries) {
            const { parameters } = query.compile();
            assert.ok(
              parameters.length > 0 && parameters.every((value) => value === 7),
              query.compile().sql,
            );
          }
          const plan = compilePlan(executor, (db) => db.selectFrom("users").selectAll());
          assert.deepEqual(plan.bind(executor, []).parameters, [7]);
        },
      );
    }
  }
});
