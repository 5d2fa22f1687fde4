import { createExecutorSync, withMetadata } from "@kysera/executor";
import type { Plugin, QueryBuilderContext } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { dummy, type DummyName } from "./dummy.ts";
import { hideDeleted, inWorld } from "./world.ts";

/** The sample of the specification. */
const activeOnly: Plugin = {
  name: "active-only",
  version: "1.0.0",
  interceptQuery(qb, context) {
    if (context.operation === "select") {
      return qb.where("active", "=", true);
    }
    return qb;
  },
};

/** The same for one table, however often and under whichever name it is read. */
const activeUsers: Plugin = {
  name: "active-users",
  version: "1.0.0",
  interceptQuery(qb, { operation, tables = [] }) {
    if (operation !== "select") return qb;
    return tables
      .filter(({ table }) => table === "users")
      .reduce((out, users) => out.where(users.column("active"), "=", true), qb);
  },
};

/** Writes down the blocks it is given. */
function spy(): { plugin: Plugin; seen: QueryBuilderContext[]; blocks(): string[] } {
  const seen: QueryBuilderContext[] = [];
  return {
    seen,
    blocks: () => seen.map(({ operation, table }) => `${operation} ${table}`).sort(),
    plugin: {
      name: "spy",
      version: "1.0.0",
      interceptQuery(qb, context) {
        seen.push(context);
        return qb;
      },
    },
  };
}

/** The blocks that one query is made of, sorted. */
function blocks(build: (db: Kysely<any>) => { compile(): unknown }, name?: DummyName): string[] {
  const { plugin, blocks, seen } = spy();
  const query = build(createExecutorSync(dummy(name), [plugin]));
  // Kysely asks a subquery for its node as soon as it is built into another query.
  seen.length = 0;
  query.compile();
  return blocks();
}

describe("interceptQuery is called for", () => {
  it("a SELECT", () => {
    assert.deepEqual(blocks((db) => db.selectFrom("users").selectAll()), ["select users"]);
  });

  it("an UPDATE, a DELETE, an INSERT, a REPLACE and a MERGE", () => {
    assert.deepEqual(blocks((db) => db.updateTable("users").set({ n: 1 })), ["update users"]);
    assert.deepEqual(blocks((db) => db.deleteFrom("users")), ["delete users"]);
    assert.deepEqual(blocks((db) => db.insertInto("users").values({ n: 1 })), ["insert users"]);
    assert.deepEqual(
      blocks((db) => db.replaceInto("users").values({ n: 1 }), "mysql"),
      ["replace users"],
    );
    assert.deepEqual(
      blocks((db) =>
        db.mergeInto("users").using("posts", "posts.user_id", "users.id").whenMatched().thenDelete()
      ),
      ["merge users"],
    );
  });

  it("both queries of INSERT .. SELECT", () => {
    assert.deepEqual(
      blocks((db) =>
        db.insertInto("archive").columns(["id"]).expression(db.selectFrom("users").select("id"))
      ),
      ["insert archive", "select users"],
    );
  });

  it("subqueries in the select list, WHERE, HAVING, ORDER BY, ON, SET, VALUES and RETURNING", () => {
    const one = (db: Kysely<any>, table: string) => db.selectFrom(table).select("id").limit(1);
    assert.deepEqual(
      blocks((db) =>
        db.selectFrom("users")
          .innerJoin("posts", (join) => join.on("posts.id", "in", one(db, "on")))
          .select(() => one(db, "selected").as("x"))
          .where("id", "in", one(db, "filtered"))
          .groupBy("id")
          .having("id", "in", one(db, "grouped"))
          .orderBy(one(db, "ordered"))
      ),
      [
        "select filtered",
        "select grouped",
        "select on",
        "select ordered",
        "select selected",
        "select users",
      ],
    );
    assert.deepEqual(
      blocks((db) =>
        db.updateTable("users").set({ n: one(db, "set") }).returning(() =>
          one(db, "returned").as("r")
        )
      ),
      ["select returned", "select set", "update users"],
    );
    assert.deepEqual(
      blocks((db) => db.insertInto("users").values({ n: one(db, "values") })),
      ["insert users", "select values"],
    );
  });

  it("derived tables, three deep, and joins on them", () => {
    assert.deepEqual(
      blocks((db) =>
        db.selectFrom(
          db.selectFrom(db.selectFrom("a").selectAll().as("b")).selectAll().as("c"),
        ).selectAll().leftJoin(db.selectFrom("d").selectAll().as("e"), "e.id", "c.id")
      ),
      ["select a", "select d"],
    );
  });

  it("the bodies of common table expressions, those that write too, but not for reading them", () => {
    assert.deepEqual(
      blocks((db) =>
        db.with("a", (qc) => qc.selectFrom("users").selectAll())
          .with("b", (qc) => qc.deleteFrom("posts").returningAll())
          .selectFrom(["a", "b"]).selectAll()
      ),
      ["delete posts", "select users"],
    );
  });

  it("both parts of a recursive common table expression", () => {
    assert.deepEqual(
      blocks((db) =>
        db.withRecursive(
          "tree",
          (qc) =>
            qc.selectFrom("users").selectAll().where("boss", "is", null).unionAll(
              qc.selectFrom("users").innerJoin("tree", "tree.id", "users.boss").selectAll("users"),
            ),
        ).selectFrom("tree").selectAll()
      ),
      ["select users", "select users"],
    );
  });

  it("each arm of a union, an intersection and a difference, nested ones too", () => {
    assert.deepEqual(
      blocks((db) =>
        db.selectFrom("a").select("id")
          .union(db.selectFrom("b").select("id"))
          .intersect((eb) => eb.selectFrom("c").select("id"))
          .except(db.selectFrom("d").select("id").unionAll(db.selectFrom("e").select("id")))
      ),
      ["select a", "select b", "select c", "select d", "select e"],
    );
  });

  it("queries inside raw SQL, and inside a view's definition", () => {
    assert.deepEqual(
      blocks((db) =>
        db.selectFrom("a").select(sql`exists (${db.selectFrom("users").select("id")})`.as("x"))
      ),
      ["select a", "select users"],
    );
    assert.deepEqual(
      blocks((db) => db.schema.createView("v").as(db.selectFrom("users").selectAll())),
      ["select users"],
    );
  });

  it("no block that reads no table", () => {
    assert.deepEqual(blocks((db) => db.selectNoFrom(sql`1`.as("one"))), []);
    assert.deepEqual(blocks((db) => db.schema.createTable("t").addColumn("n", "integer")), []);
  });

  it("a block once, whether or not it is built into another query", () => {
    assert.deepEqual(
      blocks((db) => {
        const inner = db.selectFrom("posts").select("user_id");
        return db.selectFrom("users").selectAll().where("id", "in", inner);
      }),
      ["select posts", "select users"],
    );
    const { sql } = createExecutorSync(dummy(), [activeOnly]).selectFrom("users").selectAll()
      .compile();
    assert.equal(sql, `select * from "users" where "active" = $1`);
  });
});

describe("the context of interceptQuery", () => {
  function contextOf(build: (db: Kysely<any>) => { compile(): unknown }): QueryBuilderContext {
    const { plugin, seen } = spy();
    build(createExecutorSync(dummy(), [plugin])).compile();
    assert.equal(seen.length, 1);
    return seen[0]!;
  }

  it("has the table, its alias and its schema as the query wrote them", () => {
    const { operation, table, alias, schema } = contextOf((db) =>
      db.selectFrom("crm.users as u").selectAll()
    );
    assert.deepEqual({ operation, table, alias, schema }, {
      operation: "select",
      table: "users",
      alias: "u",
      schema: "crm",
    });
  });

  it("has the table's own name for alias where there is none", () => {
    const { alias, schema } = contextOf((db) => db.updateTable("users").set({ n: 1 }));
    assert.equal(alias, "users");
    assert.equal(schema, undefined);
  });

  it("has the schema of withSchema()", () => {
    assert.equal(contextOf((db) => db.withSchema("crm").deleteFrom("users")).schema, "crm");
  });

  it("has every table of the block, a write's target first", () => {
    const { tables } = contextOf((db) =>
      db.updateTable("users as u").from("posts as p").innerJoin("tags", "tags.id", "p.id")
        .set({ n: 1 })
    );
    assert.deepEqual(
      tables!.map(({ table, alias, operation, role }) => ({ table, alias, operation, role })),
      [
        { table: "users", alias: "u", operation: "update", role: "target" },
        { table: "posts", alias: "p", operation: "select", role: "source" },
        { table: "tags", alias: "tags", operation: "select", role: "source" },
      ],
    );
  });

  it("has no common table expression among the tables", () => {
    const { plugin, seen } = spy();
    createExecutorSync(dummy(), [plugin])
      .with("users", (db) => db.selectFrom("people").selectAll())
      .selectFrom(["users", "posts"]).selectAll().compile();
    assert.deepEqual(
      seen.map(({ tables }) => tables!.map(({ table }) => table)).sort(),
      [["people"], ["posts"]],
    );
  });

  it("gives columns of the first table by ref(), under its alias", () => {
    const executor = createExecutorSync(dummy(), [{
      name: "owner",
      version: "1.0.0",
      interceptQuery: (qb, { ref }) => qb.where(ref!("owner"), "=", 1),
    }]);
    assert.equal(
      executor.selectFrom("users as u").innerJoin("posts", "posts.user_id", "u.id").selectAll()
        .compile().sql,
      `select * from "users" as "u" inner join "posts" on "posts"."user_id" = "u"."id" ` +
        `where "u"."owner" = $1`,
    );
  });

  it("has the flags of the handle, in an object of its own", () => {
    const { plugin, seen } = spy();
    const executor = createExecutorSync(dummy(), [plugin]);
    const handle = withMetadata(executor, { includeDeleted: true });
    handle.selectFrom("users").compile();
    assert.deepEqual(seen[0]!.metadata, { includeDeleted: true });
    seen[0]!.metadata["includeDeleted"] = false;
    handle.selectFrom("users").compile();
    assert.deepEqual(seen[1]!.metadata, { includeDeleted: true });
  });
});

describe("what interceptQuery returns", () => {
  it("takes the block's place, subqueries included", () => {
    const executor = createExecutorSync(dummy(), [activeOnly]);
    assert.equal(
      executor.selectFrom("users").select("id").where(
        "id",
        "in",
        (eb: any) => eb.selectFrom("posts").select("user_id"),
      ).compile().sql,
      `select "id" from "users" where "id" in ` +
        `(select "user_id" from "posts" where "active" = $1) and "active" = $2`,
    );
  });

  it("may be any query of the same kind, whatever the builder's methods can do", () => {
    const executor = createExecutorSync(dummy(), [{
      name: "newest",
      version: "1.0.0",
      interceptQuery: (qb) => (qb as any).orderBy("id", "desc").limit(10),
    }]);
    assert.equal(
      executor.selectFrom("users").selectAll().compile().sql,
      `select * from "users" order by "id" desc limit $1`,
    );
  });

  it("is given to the next plugin, and the filters come to it after", () => {
    const executor = createExecutorSync(dummy(), [
      hideDeleted,
      activeOnly,
      {
        name: "named",
        version: "1.0.0",
        priority: 1,
        interceptQuery: (qb) => qb.where("name", "is not", null),
      },
    ]);
    assert.equal(
      executor.selectFrom("users").selectAll().compile().sql,
      `select * from "users" where "name" is not null and "active" = $1 ` +
        `and "users"."deleted_at" is null`,
    );
  });

  it("keeps a raw OR of the query in brackets", () => {
    const executor = createExecutorSync(dummy(), [activeOnly]);
    assert.equal(
      executor.selectFrom("users").select("id").where(sql<boolean>`a or b`).compile().sql,
      `select "id" from "users" where (a or b) and "active" = $1`,
    );
  });

  it("is filtered in the subqueries that it adds, and not intercepted there without end", () => {
    let calls = 0;
    const executor = createExecutorSync(dummy(), [hideDeleted, {
      name: "authors",
      version: "1.0.0",
      interceptQuery(qb, { operation, ref }) {
        if (operation !== "select") return qb;
        assert.ok(++calls < 20, "it is called again and again");
        return qb.where((eb) =>
          eb(ref!("id"), "in", eb.selectFrom("posts").select("posts.user_id"))
        );
      },
    }]);
    assert.equal(
      executor.selectFrom("users").selectAll().compile().sql,
      `select * from "users" where "users"."id" in ` +
        `(select "posts"."user_id" from "posts" where "posts"."deleted_at" is null) ` +
        `and "users"."deleted_at" is null`,
    );
  });

  it("is intercepted by the other plugins in the subqueries that one adds", () => {
    const adds = (name: string, table: string): Plugin => ({
      name,
      version: "1.0.0",
      interceptQuery: (qb, context) =>
        context.operation === "select"
          ? qb.where((eb) => eb.exists(eb.selectFrom(table).select(`${table}.id`)))
          : qb,
    });
    const executor = createExecutorSync(dummy(), [adds("a", "t1"), adds("b", "t2")]);
    const { sql } = executor.selectFrom("users").selectAll().compile();
    assert.equal(
      sql,
      `select * from "users" where exists (select "t1"."id" from "t1" where exists ` +
        `(select "t2"."id" from "t2")) and exists (select "t2"."id" from "t2" where exists ` +
        `(select "t1"."id" from "t1"))`,
    );
  });

  it("is applied once where the query is built into another, run twice, or handed about", () => {
    const executor = createExecutorSync(dummy(), [activeOnly]);
    const inner = executor.selectFrom("users").select("id");
    const outer = executor.selectFrom("posts").select("id").where("user_id", "in", inner);
    const expected = `select "id" from "posts" where "user_id" in ` +
      `(select "id" from "users" where "active" = $1) and "active" = $2`;
    assert.equal(outer.compile().sql, expected);
    assert.equal(outer.compile().sql, expected);
    assert.equal(
      executor.selectFrom(outer.as("o")).selectAll().compile().sql,
      `select * from (${expected}) as "o"`,
    );
  });
});

onEveryDialect("interceptQuery of the specification", (dialect) => {
  const only = { with: [activeOnly] };

  it("hides rows from a plain and an aliased SELECT", () =>
    inWorld(dialect, async ({ executor }) => {
      const names = await executor.selectFrom("users").select("name").orderBy("id").execute();
      assert.deepEqual(names.map(({ name }) => name), ["Ada", "Cyd", "Dan"]);
      const aliased = await executor.selectFrom("users as u").select("u.name").orderBy("u.id")
        .execute();
      assert.deepEqual(aliased, names);
    }, only));

  it("hides rows from a join where only one table has the column", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await db.updateTable("users").set({ active: false }).where("id", "=", 4).execute();
      const rows = await executor.selectFrom("users as u")
        .innerJoin("posts as p", "p.user_id", "u.id")
        .select(["u.name", "p.title"])
        .orderBy("p.id")
        .execute();
      assert.deepEqual(rows.map(({ title }) => title), ["a1", "a2", "c1"]);
    }, only));

  it("hides rows from subqueries, common table expressions, unions and transactions", () =>
    inWorld(dialect, async ({ executor }) => {
      const inactive = executor.selectFrom("users").select("id").where("name", "=", "Bob");
      assert.deepEqual(await inactive.execute(), []);
      assert.deepEqual(await inactive.union(inactive).execute(), []);
      const rows = await executor.with("u", () => inactive).selectFrom("u").selectAll().execute();
      assert.deepEqual(rows, []);
      await executor.transaction().execute(async (trx) => {
        const ids = await trx.selectFrom("users").select("id").orderBy("id").execute();
        assert.deepEqual(ids.map(({ id }) => id), [1, 3, 4]);
      });
    }, only));

  it("does not come between the database's own catalogue and introspection", () =>
    inWorld(dialect, async ({ executor }) => {
      const tables = await executor.introspection.getTables();
      assert.ok(tables.some(({ name }) => name === "users"));
      await executor.transaction().execute(async (trx) => {
        assert.ok((await trx.introspection.getTables()).some(({ name }) => name === "users"));
      });
    }, only));

  it("leaves writes alone, as it says", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await executor.updateTable("users").set({ name: "Bert" }).where("id", "=", 2).execute();
      await executor.insertInto("users")
        .values({ id: 5, name: "Eve", active: false, deleted_at: null }).execute();
      await executor.deleteFrom("users").where("id", "=", 1).execute();
      const names = await db.selectFrom("users").select("name").orderBy("id").execute();
      assert.deepEqual(names.map(({ name }) => name), ["Bert", "Cyd", "Dan", "Eve"]);
    }, only));

  it("sees each reference of a self join by the context's tables", () =>
    inWorld(dialect, async ({ executor }) => {
      const pairs = await executor.selectFrom(["users as a", "users as b"])
        .whereRef("a.id", "<", "b.id")
        .select(["a.name as first", "b.name as second"])
        .orderBy("a.id").orderBy("b.id")
        .execute();
      assert.deepEqual(pairs.map(({ first, second }) => `${first} ${second}`), [
        "Ada Cyd",
        "Ada Dan",
        "Cyd Dan",
      ]);
    }, { with: [activeUsers] }));
});
