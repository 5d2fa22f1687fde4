/** Row 35: queries that come compiled, or that another instance built. */
import { compilePlan, type Plugin } from "@kysera/executor";
import { CamelCasePlugin, CompiledQuery, type Kysely, type QueryResult, sql } from "kysely";
import { withDefaults } from "../defaults.ts";
import type { BypassCase } from "../case.ts";
import { OTHER_TENANT, TENANT } from "../data.ts";

const names = (db: Kysely<any>) => db.selectFrom("users").select("name");

const run = (db: Kysely<any>, query: CompiledQuery<any>): Promise<unknown[]> =>
  db.executeQuery(query).then(({ rows }: QueryResult<any>) => rows);

/** Takes every WHERE and ON of a tree away, as far as it lets that happen. */
function takeConditionsAway(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  for (const child of Object.values(node)) takeConditionsAway(child);
  for (const key of ["where", "on"]) {
    // A frozen node stays as it is.
    if (key in node) Reflect.deleteProperty(node, key);
  }
}

/** A query compiled elsewhere must not run here. */
const foreign: readonly BypassCase[] = withDefaults({ must: ["R"] }, [
  {
    name: "CompiledQuery.raw",
    raw: true,
    run: ({ db }) => run(db, CompiledQuery.raw("select name from users")),
  },
  {
    name: "compiled by bare Kysely",
    run: ({ db, bare }) => run(db, names(bare).compile()),
  },
  {
    name: "compiled by bare Kysely, run in a transaction",
    run: ({ db, bare }) => {
      const query = names(bare).compile();
      return db.transaction().execute((trx) => run(trx, query));
    },
  },
  {
    name: "a write compiled by bare Kysely",
    writes: true,
    run: ({ db, bare }) => run(db, bare.updateTable("users").set({ name: "x" }).compile()),
    truth: () => Promise.resolve([]),
  },
  {
    name: "compiled under another caller's context",
    run: ({ db, stranger }) => run(db, names(stranger).compile()),
  },
  {
    name: "compiled by another executor over the same database",
    must: ["R", "F"],
    run: async ({ db, bare, make }) => run(db, names(await make(bare, [])).compile()),
  },
  {
    name: "text exchanged in a compiled query",
    raw: true,
    run: ({ db, bare }) =>
      run(db, { ...db.selectFrom("tags").select("id").compile(), sql: names(bare).compile().sql }),
  },
  {
    name: "nodes exchanged in a compiled query",
    raw: true,
    run: ({ db, bare }) =>
      run(db, { ...names(bare).compile(), query: db.selectFrom("tags").compile().query }),
  },
  {
    name: "an object with the prototype of a compiled query",
    raw: true,
    run: ({ db, bare }) => {
      const own = db.selectFrom("tags").select("id").compile();
      const forged = Object.create(Object.getPrototypeOf(own), {
        ...Object.getOwnPropertyDescriptors(own),
        sql: { value: names(bare).compile().sql },
      });
      return run(db, forged);
    },
  },
  {
    name: "by the query executor of the handle",
    must: ["R", "F"],
    run: async ({ db, bare }) => (await db.getExecutor().executeQuery(names(bare).compile())).rows,
  },
  {
    name: "raw, by the query executor of the handle",
    raw: true,
    run: async ({ db }) =>
      (await db.getExecutor().executeQuery(CompiledQuery.raw("select name from users"))).rows,
  },
  {
    name: "as a stream of the query executor",
    lacks: { pglite: "PGlite has no cursors" },
    run: async ({ db, bare }) => {
      const rows: unknown[] = [];
      const stream = db.getExecutor().stream(names(bare).compile(), 10);
      for await (const result of stream) rows.push(...result.rows);
      return rows;
    },
  },
  {
    name: "compiled by the handle from nodes that bare Kysely built",
    must: ["F", "R"],
    run: ({ db, bare }) => {
      const query = names(bare);
      const { queryId } = query.compile();
      return run(db, db.getExecutor().compileQuery(query.toOperationNode(), queryId));
    },
  },
  {
    name: "compiled by the handle from nodes changed after they were rewritten",
    must: ["F", "R"],
    run: ({ db }) => {
      const node = names(db).toOperationNode() as unknown as Record<string, unknown>;
      const { queryId } = names(db).compile();
      try {
        delete node["where"];
      } catch {
        // Frozen: so it should be.
      }
      return run(db, db.getExecutor().compileQuery(node as any, queryId));
    },
  },
  ...([
    ["derived table", (db) => db.selectFrom(names(db).as("u")).selectAll()],
    ["CTE", (db) => db.with("x", (q) => names(q as any)).selectFrom("x").selectAll()],
    ["union", (db) => db.selectFrom("tags").select("name").unionAll(names(db))],
    [
      "subquery",
      (db) =>
        db.selectFrom("tags").select((e) =>
          e.exists(names(db).whereRef("users.id", "=", "tags.user_id")).as("x")
        ),
    ],
    [
      "subquery in the condition of a filtered block",
      (db) =>
        db.selectFrom("users").select("name").where(sql`'secret-eve'`, "in", names(db) as any),
    ],
    [
      "cross join",
      (db) =>
        db.selectFrom("tags").innerJoin("users", (join) => join.onTrue()).select("users.name"),
    ],
  ] as [string, (db: Kysely<any>) => any][]).map(([what, build]): BypassCase => ({
    name: `compiled by the handle from nodes changed deep inside: ${what}`,
    must: ["F", "R"],
    run: ({ db }) => {
      const node = build(db).toOperationNode();
      takeConditionsAway(node);
      return run(db, db.getExecutor().compileQuery(node, build(db).compile().queryId));
    },
  })),
  {
    name: "compiled by the handle from a copy of rewritten nodes without the condition",
    must: ["F", "R"],
    run: ({ db }) => {
      const { where: _, ...node } = names(db).toOperationNode() as any;
      for (const key of Object.getOwnPropertySymbols(names(db).toOperationNode())) {
        node[key] = (names(db).toOperationNode() as any)[key];
      }
      return run(db, db.getExecutor().compileQuery(node, names(db).compile().queryId));
    },
  },
]);

/** A query of the handle itself, or a subquery that is rewritten where it comes to stand. */
const own: readonly BypassCase[] = withDefaults({ must: ["F"] }, [
  {
    name: "compiled by the handle itself",
    run: ({ db }) => run(db, names(db).compile()),
  },
  {
    name: "compiled by the handle itself, run twice, and in a transaction",
    run: async ({ db }) => {
      const query = names(db).compile();
      return [
        ...await run(db, query),
        ...await run(db, query),
        ...await db.transaction().execute((trx) => run(trx, query)),
      ];
    },
  },
  {
    name: "compiled in a transaction, run outside",
    run: async ({ db }) => {
      const query = await db.transaction().execute((trx) => Promise.resolve(names(trx).compile()));
      return await run(db, query);
    },
  },
  {
    name: "compiled without Kysely plugins, run with them",
    run: ({ db }) => run(db, names(db.withoutPlugins()).compile()),
  },
  {
    name: "a Compilable of bare Kysely",
    must: ["F", "R"],
    run: ({ db, bare }) => db.executeQuery(names(bare)).then(({ rows }) => rows),
  },
  {
    name: "a subquery of bare Kysely",
    run: ({ db, bare }) => db.selectFrom(names(bare).as("u")).selectAll().execute(),
  },
  {
    name: "a subquery of bare Kysely after IN, and in a union",
    run: ({ db, bare }) =>
      db.selectFrom("tags").select("user_id as id")
        .where("user_id", "in", bare.selectFrom("users").select("id"))
        .unionAll(bare.selectFrom("users").select("id")).execute(),
  },
  {
    name: "a CTE of bare Kysely",
    run: ({ db, bare }) => db.with("x", () => names(bare)).selectFrom("x").selectAll().execute(),
  },
  {
    name: "rows to insert from bare Kysely",
    writes: true,
    run: ({ db, bare }) =>
      db.insertInto("tags").columns(["id", "name"])
        .expression(bare.selectFrom("users").select([sql`id + 20`.as("id"), "name"])).execute()
        .then(() => "done"),
  },
  {
    name: "a subquery of the handle before a caller was bound",
    must: ["F", "R"],
    run: ({ db, unbound }) => db.selectFrom(names(unbound).as("u")).selectAll().execute(),
  },
  {
    name: "a subquery built under another caller's context",
    must: ["R", "F"],
    run: ({ db, stranger }) => db.selectFrom(names(stranger).as("u")).selectAll().execute(),
  },
  {
    name: "a subquery built under another caller's context, copied by withSchema()",
    must: ["R", "F"],
    run: ({ db, stranger, schema }) =>
      db.withSchema(schema).selectFrom(names(stranger).as("u")).selectAll().execute(),
  },
  {
    name: "a subquery of a handle with its own Kysely plugins",
    run: ({ db }) =>
      db.selectFrom(
        db.withPlugin(new CamelCasePlugin()).selectFrom("users").select(["name", "bossId"]).as("u"),
      ).selectAll().execute(),
  },
]);

/** A plan is a query compiled once, to be bound to the handle that runs it. */
const plans: readonly BypassCase[] = withDefaults({ must: ["F", "R"] }, [
  {
    name: "a plan of the handle",
    must: ["F"],
    run: ({ db }) => run(db, compilePlan(db, names).bind(db, [])),
  },
  {
    name: "a plan compiled under another caller's context, bound to the handle",
    run: ({ db, stranger }) => run(db, compilePlan(stranger, names).bind(db, [])),
  },
  {
    name: "a plan compiled under another caller's context, bound to that one",
    run: ({ db, stranger }) => run(db, compilePlan(stranger, names).bind(stranger, [])),
  },
  {
    name: "a plan compiled by bare Kysely",
    run: ({ db, bare }) => run(db, compilePlan(bare, names).bind(bare, [])),
  },
  {
    name: "a plan compiled by bare Kysely, bound to the handle",
    run: ({ db, bare }) => run(db, compilePlan(bare, names).bind(db, [])),
  },
  {
    name: "a plan of a filter whose answer is good for once, bound again",
    run: async ({ bare, make }) => {
      const request = { tenant: OTHER_TENANT };
      const db = await make(bare, [ofRequest(request)]);
      const plan = compilePlan(db, names);
      request.tenant = TENANT;
      return await run(db, plan.bind(db, []));
    },
  },
]);

/** Shows the rows of the tenant of the request that is being answered, whoever is bound. */
function ofRequest(request: { readonly tenant: number }): Plugin {
  return {
    name: "of-request",
    version: "1.0.0",
    appliesTo: ({ name }) => name === "users",
    filter: (ref, { eb }) => eb(ref.column("tenant_id"), "=", request.tenant),
  };
}

export const compiled: readonly BypassCase[] = [...foreign, ...plans, ...own];
