/** Rows 36 and 37: other handles of the executor, transactions, connections. */
import { wrapTransaction } from "@kysera/executor";
import {
  CamelCasePlugin,
  DeduplicateJoinsPlugin,
  type Kysely,
  type KyselyPlugin,
  OperationNodeTransformer,
  ParseJSONResultsPlugin,
  type RootOperationNode,
  sql,
  type TableNode,
} from "kysely";
import type { BypassCase, Probe } from "../case.ts";

const noop: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) => Promise.resolve(result),
};

class Copier extends OperationNodeTransformer {}

/** Copies every node: what is remembered of a node's identity is gone. */
const copying: KyselyPlugin = {
  transformQuery: ({ node, queryId }) =>
    new Copier().transformNode<RootOperationNode>(node, queryId),
  transformResult: ({ result }) => Promise.resolve(result),
};

/** Takes `people` for `users`. */
class Renamer extends OperationNodeTransformer {
  protected override transformTable(node: TableNode): TableNode {
    return node.table.identifier.name !== "people" ? node : {
      ...node,
      table: { ...node.table, identifier: { ...node.table.identifier, name: "users" } },
    };
  }
}
const renaming: KyselyPlugin = {
  transformQuery: ({ node, queryId }) =>
    new Renamer().transformNode<RootOperationNode>(node, queryId),
  transformResult: ({ result }) => Promise.resolve(result),
};

const rows = (db: Kysely<any>): Promise<unknown[]> =>
  db.selectFrom("tags").leftJoin("users as u", "u.id", "tags.user_id")
    .select((eb) => [
      "tags.id",
      "u.name",
      eb.selectFrom("users").select((e) => e.fn.countAll().as("n")).as("n"),
    ]).execute();

/** A handle made from another one: the query must be filtered through all of them. */
function handle(
  name: string,
  make: (db: Kysely<any>, t: Probe) => Kysely<any>,
  more: Partial<BypassCase> & { read?: (db: Kysely<any>) => Promise<unknown> } = {},
): BypassCase[] {
  const { read = rows, ...rest } = more;
  return [
    { name, run: (t) => read(make(t.db, t)), ...rest },
    {
      name: `${name}, in a transaction`,
      run: (t) => t.db.transaction().execute((trx) => read(make(trx, t))),
      ...rest,
    },
  ];
}

export const handles: readonly BypassCase[] = [
  ...handle("withoutPlugins()", (db) => db.withoutPlugins()),
  ...handle("withoutPlugins() twice", (db) => db.withoutPlugins().withoutPlugins()),
  ...handle("withPlugin() of one that does nothing", (db) => db.withPlugin(noop)),
  ...handle("withPlugin() and withoutPlugins()", (db) => db.withPlugin(noop).withoutPlugins()),
  ...handle("withPlugin() of one that copies nodes", (db) => db.withPlugin(copying)),
  ...handle(
    "withPlugin(DeduplicateJoinsPlugin)",
    (db) => db.withPlugin(new DeduplicateJoinsPlugin()),
  ),
  ...handle(
    "withPlugin(ParseJSONResultsPlugin)",
    (db) => db.withPlugin(new ParseJSONResultsPlugin()),
  ),
  ...handle("withPlugin(CamelCasePlugin)", (db) => db.withPlugin(new CamelCasePlugin()), {
    read: (db) =>
      db.selectFrom("users as u").leftJoin("blogPosts as p", "p.userId", "u.id")
        .select(["u.bossId", "p.title"]).execute(),
  }),
  ...handle(
    "withPlugin(CamelCasePlugin), and withSchema()",
    (db, { schema }) => db.withPlugin(new CamelCasePlugin()).withSchema(schema),
    { read: (db) => db.selectFrom("blogPosts").select(["title", "userId"]).execute() },
  ),
  ...handle("withPlugin() of one that renames a table", (db) => db.withPlugin(renaming), {
    read: (db) => db.selectFrom("people as p").select("p.name").execute(),
  }),
  ...handle("withSchema()", (db, { schema }) => db.withSchema(schema)),
  ...handle(
    "withSchema() and withoutPlugins()",
    (db, { schema }) => db.withSchema(schema).withoutPlugins(),
  ),
  ...handle(
    "withSchema() of nothing that exists, then of the right one",
    (db, { schema }) => db.withSchema("nowhere").withSchema(schema),
  ),
  {
    name: "withPlugin() of a builder",
    run: ({ db }) => db.selectFrom("users").select("name").withPlugin(copying).execute(),
  },
  {
    name: "withPlugin() of a builder that is a subquery",
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .where("user_id", "in", db.selectFrom("users").select("id").withPlugin(copying)).execute(),
  },
  {
    name: "writes through withoutPlugins()",
    writes: true,
    run: async ({ db }) => {
      await db.withoutPlugins().updateTable("users").set({ name: "x" }).execute();
      await db.withPlugin(copying).deleteFrom("blog_posts").execute();
    },
  },
  {
    name: "the query executor's own withoutPlugins()",
    run: async ({ db }) => {
      const executor = db.getExecutor().withoutPlugins();
      const query = db.selectFrom("users").select("name");
      const { queryId } = query.compile();
      const node = executor.transformQuery(query.toOperationNode() as any, queryId);
      return (await executor.executeQuery(executor.compileQuery(node, queryId))).rows;
    },
  },
  {
    name: "schema: a view of a filtered query",
    // Policies refuse a view that is not in their schema.
    must: ["F", "R"],
    run: async ({ db, bare }) => {
      await db.schema.createView("seen_users").as(db.selectFrom("users").select(["id", "name"]))
        .execute();
      try {
        return await db.selectFrom("seen_users").selectAll().execute();
      } finally {
        await bare.schema.dropView("seen_users").execute();
      }
    },
    // A view has no parameters, and the filter of a tenant has one: it is written into the view.
  },
  {
    name: "schema: a view of a filtered query with a value",
    // Policies refuse a view that is not in their schema.
    must: ["F", "R"],
    run: async ({ db, bare }) => {
      await db.schema.createView("seen_users")
        .as(db.selectFrom("users").select(["id", "name"]).where("score", ">", 0)).execute();
      try {
        return await db.selectFrom("seen_users").selectAll().execute();
      } finally {
        await bare.schema.dropView("seen_users").ifExists().execute();
      }
    },
  },
  {
    name: "schema: a table made of a filtered query",
    run: async ({ db, bare }) => {
      await db.schema.createTable("copied_users").as(db.selectFrom("users").select(["id", "name"]))
        .execute();
      try {
        return await bare.selectFrom("copied_users").selectAll().execute();
      } finally {
        await bare.schema.dropTable("copied_users").ifExists().execute();
      }
    },
  },
  {
    name: "schema: a temporary table made of a query of bare Kysely",
    run: async ({ db, bare }) => {
      await db.schema.createTable("copied_users").as(
        bare.selectFrom("users").select(["id", "name"]),
      )
        .execute();
      try {
        return await bare.selectFrom("copied_users").selectAll().execute();
      } finally {
        await bare.schema.dropTable("copied_users").ifExists().execute();
      }
    },
  },
];

const count = (db: Kysely<any>) => db.selectFrom("users").select("name").execute();

export const transactions: readonly BypassCase[] = [
  { name: "transaction", run: ({ db }) => db.transaction().execute(rows) },
  {
    name: "transaction with an isolation level",
    lacks: { sqlite: "one isolation level" },
    run: ({ db }) => db.transaction().setIsolationLevel("serializable").execute(rows),
  },
  {
    name: "transaction with an access mode",
    lacks: { sqlite: "no access modes" },
    run: ({ db }) => db.transaction().setAccessMode("read only").execute(rows),
  },
  {
    name: "transaction that writes and is rolled back",
    writes: true,
    harmless: true,
    must: ["ok"],
    run: ({ db }) =>
      db.transaction().execute(async (trx) => {
        await trx.deleteFrom("users").execute();
        throw new Error("Enough");
      }).catch((error: unknown) => String(error)),
  },
  {
    name: "transaction that writes",
    writes: true,
    run: ({ db }) =>
      db.transaction().execute(async (trx) => {
        await trx.deleteFrom("blog_posts").execute();
        await trx.updateTable("users").set({ name: "x" }).execute();
        return await trx.selectFrom("users").selectAll().execute();
      }),
  },
  {
    name: "controlled transaction",
    run: async ({ db }) => {
      const trx = await db.startTransaction().execute();
      try {
        return await rows(trx);
      } finally {
        await trx.rollback().execute();
      }
    },
  },
  {
    name: "controlled transaction with savepoints",
    writes: true,
    run: async ({ db }) => {
      const trx = await db.startTransaction().execute();
      try {
        const one = await trx.savepoint("one").execute();
        await one.deleteFrom("users").execute();
        const none = await count(one);
        const back = await one.rollbackToSavepoint("one").execute();
        const all = await count(back);
        const two = await back.savepoint("two").execute();
        await two.updateTable("users").set({ name: "x" }).execute();
        const released = await two.releaseSavepoint("two").execute();
        const changed = await count(released);
        await released.commit().execute();
        return [none, all, changed];
      } catch (error) {
        await trx.rollback().execute();
        throw error;
      }
    },
  },
  {
    name: "controlled transaction, withoutPlugins() and withSchema()",
    run: async ({ db, schema }) => {
      const trx = await db.startTransaction().execute();
      try {
        return [...await rows(trx.withoutPlugins()), ...await rows(trx.withSchema(schema))];
      } finally {
        await trx.rollback().execute();
      }
    },
  },
  { name: "connection()", run: ({ db }) => db.connection().execute(rows) },
  {
    name: "a transaction on a connection()",
    run: ({ db }) =>
      db.connection().execute((connection) => connection.transaction().execute(rows)),
  },
  {
    name: "wrapTransaction() of a bare transaction",
    run: ({ bare, db, guarded }) =>
      bare.transaction().execute((trx) => rows(guarded ? wrapTransaction(trx, db) : trx)),
  },
  {
    name: "wrapTransaction() with a list of plugins",
    subjects: ["soft delete", "grants"],
    run: ({ bare, plugins, guarded }) =>
      bare.transaction().execute((trx) => rows(guarded ? wrapTransaction(trx, plugins()) : trx)),
  },
  {
    name: "an executor made of a bare transaction",
    run: ({ bare, make }) => bare.transaction().execute(async (trx) => rows(await make(trx))),
  },
  {
    name: "a query built outside, run in a transaction by callback",
    run: ({ db }) => {
      const users = db.selectFrom("users").select("name");
      return db.transaction().execute((trx) => trx.selectFrom(users.as("u")).selectAll().execute());
    },
  },
  {
    name: "raw SQL in a transaction",
    raw: true,
    deny: ["R"],
    run: ({ db }) =>
      db.transaction().execute((trx) =>
        sql`select name from users`.execute(trx).then(({ rows }) => rows)
      ),
  },
];
