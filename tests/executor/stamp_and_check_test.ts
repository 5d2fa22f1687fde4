import {
  CheckRefusedError,
  createExecutorSync,
  ExecutorError,
  PluginHookError,
  QueryRefusedError,
} from "@kysera/executor";
import type { Plugin, RowCheck, Stamp } from "@kysera/executor";
import { CamelCasePlugin, type CompiledQuery, type Kysely, type KyselyPlugin, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { dummy, type DummyName } from "./dummy.ts";

const ofUsers: Pick<Plugin, "appliesTo"> = {
  appliesTo: ({ name }) => name.toLowerCase() === "users",
};
const stamping = (stamp: Stamp | ((operation: string) => Stamp | undefined)): Plugin => ({
  ...ofUsers,
  name: "stamp",
  version: "1.0.0",
  stamp: ({ operation }) => typeof stamp === "function" ? stamp(operation) : stamp,
});
const tenant = (given?: Stamp["given"]): Plugin => stamping({ set: { tenant_id: 1 }, given });
const ownTenant: Plugin = {
  ...ofUsers,
  name: "check",
  version: "1.0.0",
  check: () => ({
    columns: ["tenant_id"],
    satisfied: (row) => row["tenant_id"] === 1,
    says: "the tenant is the caller's",
  }),
};

type Build = (db: Kysely<any>) => { compile(): CompiledQuery };

function compile(
  plugins: readonly Plugin[],
  build: Build,
  name: DummyName = "postgres",
  kysely: KyselyPlugin[] = [],
): CompiledQuery {
  return build(createExecutorSync(dummy(name, kysely), plugins)).compile();
}

describe("stamp", () => {
  const stamped = (build: Build, given?: Stamp["given"], name?: DummyName): [string, unknown[]] => {
    const { sql, parameters } = compile([tenant(given)], build, name);
    return [sql, [...parameters]];
  };

  it("sets its columns on every row of INSERT .. VALUES", () => {
    assert.deepEqual(
      stamped((db) => db.insertInto("users").values([{ id: 1 }, { id: 2 }])),
      [`insert into "users" ("id", "tenant_id") values ($1, $2), ($3, $4)`, [1, 1, 2, 1]],
    );
    assert.deepEqual(
      stamped((db) => db.insertInto("users").values({ id: sql`default` })),
      [`insert into "users" ("id", "tenant_id") values (default, $1)`, [1]],
    );
    assert.deepEqual(
      stamped((db) => db.insertInto("users").defaultValues()),
      [`insert into "users" ("tenant_id") values ($1)`, [1]],
    );
  });

  it("sets its columns on every row of INSERT .. SELECT, whatever the SELECT", () => {
    const [plain] = stamped((db) =>
      db.insertInto("users").columns(["id"]).expression(db.selectFrom("old").select("id"))
    );
    assert.equal(
      plain,
      `insert into "users" ("id", "tenant_id") select "id", $1 as "tenant_id" from "old"`,
    );
    const [union] = stamped((db) =>
      db.insertInto("users").columns(["id"])
        .expression(db.selectFrom("a").select("id").union(db.selectFrom("b").select("id")))
    );
    assert.match(
      union,
      /^insert into "users" \("id", "tenant_id"\) select .*\$1 as "tenant_id" from \(/,
    );
  });

  it("sets its columns on UPDATE, under an alias too", () => {
    assert.deepEqual(
      stamped((db) => db.updateTable("users").set({ name: "x" })),
      [`update "users" set "name" = $1, "tenant_id" = $2`, ["x", 1]],
    );
    assert.deepEqual(
      stamped((db) => db.updateTable("users as u").from("posts").set({ name: "x" })),
      [`update "users" as "u" set "name" = $1, "tenant_id" = $2 from "posts"`, ["x", 1]],
    );
  });

  it("sets its columns in an upsert's update as well", () => {
    assert.deepEqual(
      stamped((db) =>
        db.insertInto("users").values({ id: 1 })
          .onConflict((c) => c.column("id").doUpdateSet({ name: "x" }))
      ),
      [
        `insert into "users" ("id", "tenant_id") values ($1, $2) ` +
        `on conflict ("id") do update set "name" = $3, "tenant_id" = $4`,
        [1, 1, "x", 1],
      ],
    );
    const [mysql] = stamped(
      (db) => db.insertInto("users").values({ id: 1 }).onDuplicateKeyUpdate({ name: "x" }),
      undefined,
      "mysql",
    );
    assert.match(mysql, /on duplicate key update `name` = \?, `tenant_id` = \?$/);
  });

  it("sets its columns in a MERGE's inserts and updates", () => {
    const [merge] = stamped((db) =>
      db.mergeInto("users").using("new", "new.id", "users.id")
        .whenMatched().thenUpdateSet({ name: "x" })
        .whenNotMatched().thenInsertValues({ id: 1 })
    );
    assert.match(merge, /then update set "name" = \$1, "tenant_id" = \$2/);
    assert.match(merge, /then insert \("id", "tenant_id"\) values \(\$3, \$4\)$/);
  });

  it("sets its columns in a common table expression that writes", () => {
    const [text] = stamped((db) =>
      db.with("c", (qc) => qc.insertInto("users").values({ id: 1 }).returning("id"))
        .selectFrom("c").selectAll()
    );
    assert.match(text, /insert into "users" \("id", "tenant_id"\)/);
  });

  it("sets only what it says for new rows, and for changed ones", () => {
    const plugin = stamping((operation) => ({ set: { [`${operation}_at`]: 1 } }));
    assert.match(
      compile([plugin], (db) => db.insertInto("users").values({ id: 1 })).sql,
      /\("id", "insert_at"\)/,
    );
    assert.match(
      compile([plugin], (db) => db.updateTable("users").set({ id: 1 })).sql,
      /set "id" = \$1, "update_at" = \$2$/,
    );
  });

  it("sets expressions as well as values", () => {
    const plugin = stamping({ set: { at: sql`now()`, none: null } });
    const query = compile([plugin], (db) => db.insertInto("users").values({ id: 1 }));
    assert.equal(query.sql, `insert into "users" ("id", "at", "none") values ($1, now(), $2)`);
    assert.deepEqual(query.parameters, [1, null]);
  });

  it("leaves other tables, SELECT and DELETE alone", () => {
    assert.deepEqual(
      stamped((db) => db.insertInto("tags").values({ id: 1 })),
      [`insert into "tags" ("id") values ($1)`, [1]],
    );
    assert.deepEqual(stamped((db) => db.deleteFrom("users")), [`delete from "users"`, []]);
    assert.deepEqual(
      stamped((db) => db.selectFrom("users").selectAll()),
      [`select * from "users"`, []],
    );
  });

  describe("with a column that the user gives as well", () => {
    const insert: Build = (db) =>
      db.insertInto("users").values([{ id: 1, tenant_id: 5 }, { id: 2, tenant_id: 6 }]);
    const update: Build = (db) => db.updateTable("users").set({ tenant_id: 5 });

    it("keeps the user's, unless it is told otherwise", () => {
      for (const given of [undefined, "keep"] as const) {
        assert.deepEqual(stamped(insert, given)[1], [1, 5, 2, 6]);
        assert.deepEqual(stamped(update, given), [`update "users" set "tenant_id" = $1`, [5]]);
      }
    });

    it(`replaces it under "replace"`, () => {
      assert.deepEqual(stamped(insert, "replace"), [
        `insert into "users" ("id", "tenant_id") values ($1, $2), ($3, $4)`,
        [1, 1, 2, 1],
      ]);
      assert.deepEqual(stamped(update, "replace"), [`update "users" set "tenant_id" = $1`, [1]]);
    });

    it(`refuses the statement under "refuse", and says whose column it is`, () => {
      for (const build of [insert, update]) {
        assert.throws(() => stamped(build, "refuse"), (error) => {
          assert.ok(error instanceof QueryRefusedError, `it threw ${error}`);
          assert.equal(error.reason, "STAMPED_COLUMN");
          assert.equal(error.table, "users");
          assert.match(error.message, /column "tenant_id".*plugin "stamp" sets it; leave it out/);
          return true;
        });
      }
    });

    it("fills what was left to the column's default", () => {
      const [text, parameters] = stamped(
        (db) => db.insertInto("users").values([{ id: 1, tenant_id: 5 }, { id: 2 }]),
      );
      assert.equal(text, `insert into "users" ("id", "tenant_id") values ($1, $2), ($3, $4)`);
      assert.deepEqual(parameters, [1, 5, 2, 1]);
    });

    /** The same column, as the database has it. */
    const spellings: [title: string, name: DummyName, kysely: KyselyPlugin[], column: string][] = [
      ["in another letter case on SQLite", "sqlite", [], "TENANT_ID"],
      ["in another letter case on MySQL", "mysql", [], "Tenant_Id"],
      ["in another letter case on SQL Server", "mssql", [], "TENANT_ID"],
      ["in camel case", "postgres", [new CamelCasePlugin()], "tenantId"],
    ];
    for (const [title, name, kysely, column] of spellings) {
      it(`knows it ${title}`, () => {
        const builds: Build[] = [
          (db) => db.insertInto("users").values({ [column]: 5 }),
          (db) => db.updateTable("users").set({ [column]: 5 }),
        ];
        for (const build of builds) {
          assert.throws(() => compile([tenant("refuse")], build, name, kysely), QueryRefusedError);
          const replaced = compile([tenant("replace")], build, name, kysely);
          assert.deepEqual(replaced.parameters, [1]);
          assert.deepEqual(compile([tenant()], build, name, kysely).parameters, [5]);
        }
      });
    }

    it("replaces every one of several assignments of it", () => {
      assert.deepEqual(
        stamped(
          (db) => db.updateTable("users").set({ tenant_id: 5, n: 1 }).set({ tenant_id: 6 }),
          "replace",
        ),
        [`update "users" set "n" = $1, "tenant_id" = $2`, [1, 1]],
      );
    });

    it("refuses a column that is raw SQL, which may be any", () => {
      for (const column of [sql`tenant_id`, sql.ref("tenant_id")]) {
        for (const given of ["refuse", "replace"] as const) {
          const build: Build = (db) => db.updateTable("users").set(column as any, 5);
          let query: CompiledQuery;
          try {
            query = compile([tenant(given)], build);
          } catch (error) {
            assert.ok(error instanceof ExecutorError, `it threw ${error}`);
            continue;
          }
          assert.deepEqual(query.parameters, [1]);
        }
      }
    });
  });

  it("refuses an INSERT whose columns it cannot see", () => {
    assert.throws(
      () => stamped((db) => db.insertInto("users").expression(db.selectFrom("a").selectAll())),
      (error) => error instanceof QueryRefusedError && error.reason === "UNSUPPORTED",
    );
  });

  it("reads a deferred parameter once for all rows", () => {
    let reads = 0;
    const plugin: Plugin = {
      ...ofUsers,
      name: "stamp",
      version: "1.0.0",
      stamp: (_, { value }) => ({ set: { number: value(() => ++reads), other: value(() => "x") } }),
    };
    const query = compile([plugin], (db) => db.insertInto("users").values([{ id: 1 }, { id: 2 }]));
    assert.deepEqual(query.parameters, [1, 1, "x", 2, 1, "x"]);
    assert.equal(reads, 1);
  });

  it("of several plugins are set in their order", () => {
    const plugins = [
      { ...stamping({ set: { a: 1 } }), name: "a" },
      { ...stamping({ set: { b: 2 } }), name: "b", priority: 1 },
    ];
    assert.equal(
      compile(plugins, (db) => db.insertInto("users").values({ id: 1 })).sql,
      `insert into "users" ("id", "b", "a") values ($1, $2, $3)`,
    );
  });

  it("that throws, or answers nonsense, is told with its plugin", () => {
    const run = (stamp: () => unknown) => () =>
      compile(
        [{ ...ofUsers, name: "stamp", version: "1.0.0", stamp: stamp as any }],
        (db) => db.insertInto("users").values({ id: 1 }),
      );
    const cause = new Error("broken");
    assert.throws(
      run(() => {
        throw cause;
      }),
      (error) =>
        error instanceof PluginHookError && error.hook === "stamp" && error.cause === cause,
    );
    for (
      const answer of [null, 5, true, "x", {}, { set: null }, { set: 5 }, { set: [] }, {
        set: { a: 1 },
        given: "drop",
      }]
    ) {
      assert.throws(
        run(() => answer),
        (error) => error instanceof PluginHookError && error.hook === "stamp",
        `it took ${JSON.stringify(answer)}`,
      );
    }
  });
});

describe("check", () => {
  const checked = (build: Build, name?: DummyName, kysely?: KyselyPlugin[]) => () =>
    compile([ownTenant], build, name, kysely);

  function refuses(build: Build, name?: DummyName, kysely?: KyselyPlugin[]): void {
    assert.throws(checked(build, name, kysely), (error) => {
      assert.ok(error instanceof CheckRefusedError, `it threw ${error}`);
      assert.ok(error instanceof ExecutorError);
      assert.match(error.message, /Cannot write to table "users".*the tenant is the caller's/);
      return true;
    });
  }

  it("lets pass rows that satisfy it", () => {
    for (
      const build of [
        (db) => db.insertInto("users").values({ id: 1, tenant_id: 1 }),
        (db) => db.insertInto("users").values([{ tenant_id: 1 }, { tenant_id: 1 }]),
        (db) => db.updateTable("users").set({ tenant_id: 1 }),
        (db) => db.updateTable("users").set({ name: "x" }),
        (db) => db.insertInto("tags").values({ tenant_id: 5 }),
        (db) => db.deleteFrom("users"),
      ] satisfies Build[]
    ) checked(build)();
  });

  it("refuses a row that does not, and then all of them", () => {
    refuses((db) => db.insertInto("users").values({ tenant_id: 2 }));
    refuses((db) => db.insertInto("users").values([{ tenant_id: 1 }, { tenant_id: 2 }]));
    refuses((db) => db.updateTable("users").set({ tenant_id: 2 }));
    refuses((db) => db.updateTable("users as u").set("u.tenant_id", 2));
    refuses((db) =>
      db.insertInto("users").values({ tenant_id: 1 }).onConflict((c) =>
        c.column("id").doUpdateSet({ tenant_id: 2 })
      )
    );
    refuses(
      (db) =>
        db.insertInto("users").values({ tenant_id: 1 }).onDuplicateKeyUpdate({ tenant_id: 2 }),
      "mysql",
    );
    refuses((db) =>
      db.mergeInto("users").using("new", "new.id", "users.id").whenMatched()
        .thenUpdateSet({ tenant_id: 2 })
    );
    refuses((db) =>
      db.mergeInto("users").using("new", "new.id", "users.id").whenNotMatched()
        .thenInsertValues({ tenant_id: 2 })
    );
    refuses((db) =>
      db.with("c", (qc) => qc.updateTable("users").set({ tenant_id: 2 }).returningAll())
        .selectFrom("c").selectAll()
    );
  });

  it("looks once at rows that have the same in its columns, and at each that differs", () => {
    const looked: unknown[] = [];
    const plugin: Plugin = {
      ...ownTenant,
      check: () => ({
        columns: ["tenant_id", "kind"],
        satisfied: (row) => looked.push([row["tenant_id"], row["kind"]]) > 0,
        says: "all is well",
      }),
    };
    const rows = [[1, "a"], [1, "a"], [1, "b"], [2, "b"], [2, "b"], [1, "a"], [NaN, "a"], [
      NaN,
      "a",
    ]];
    compile(
      [plugin],
      (db) =>
        db.insertInto("users")
          .values(rows.map(([tenant_id, kind], id) => ({ id, tenant_id, kind }))),
    );
    assert.deepEqual(looked, [[1, "a"], [1, "b"], [2, "b"], [1, "a"], [NaN, "a"]]);
  });

  it("refuses a value that is not known before the statement runs", () => {
    refuses((db) => db.insertInto("users").values({ id: 1 }));
    refuses((db) => db.insertInto("users").defaultValues());
    refuses((db) => db.insertInto("users").values({ tenant_id: sql`1` }));
    refuses((db) => db.insertInto("users").values({ tenant_id: db.selectFrom("t").select("id") }));
    refuses((db) => db.updateTable("users").set((eb) => ({ tenant_id: eb.ref("id") })));
    refuses((db) =>
      db.insertInto("users").columns(["tenant_id"]).expression(db.selectFrom("t").select("id"))
    );
    refuses((db) => db.updateTable("users").set(sql`tenant_id` as any, 2));
    refuses((db) =>
      db.insertInto("users").values({ tenant_id: 1 }).onConflict((c) =>
        c.column("id").doUpdateSet((eb) => ({ tenant_id: eb.ref("excluded.tenant_id") }))
      )
    );
  });

  it("asks nothing of a column that a stamp sets whatever the user gives", () => {
    const plugins = [tenant("refuse"), ownTenant];
    compile(plugins, (db) => db.insertInto("users").values({ id: 1 }));
    compile(
      plugins,
      (db) => db.insertInto("users").columns(["id"]).expression(db.selectFrom("t").select("id")),
    );
    compile(plugins, (db) => db.updateTable("users").set({ name: "x" }));
  });

  it("knows a column however it is written", () => {
    for (const column of ["TENANT_ID", "Tenant_Id"]) {
      for (const name of ["sqlite", "mysql", "mssql"] as const) {
        refuses((db) => db.updateTable("users").set({ [column]: 2 }), name);
        refuses((db) => db.insertInto("users").values({ [column]: 2 }), name);
      }
    }
    const camel = [new CamelCasePlugin()];
    refuses((db) => db.updateTable("users").set({ tenantId: 2 }), "postgres", camel);
    refuses((db) => db.updateTable("users").set("tenantId", 2), "postgres", camel);
    refuses((db) => db.insertInto("users").values({ tenantId: 2 }), "postgres", camel);
  });

  it("looks at each of several tables that an UPDATE assigns to by itself", () => {
    const update = (tenant: number): Build => (db) =>
      db.updateTable(["users", "tags"]).set("users.tenant_id", tenant).set("tags.tenant_id", 2);
    checked(update(1), "mysql")();
    refuses(update(2), "mysql");
  });

  it("refuses a column that is there twice", () => {
    const both = [{ tenant_id: 1, TENANT_ID: 2 }, { TENANT_ID: 2, tenant_id: 1 }];
    for (const values of both) {
      assert.throws(checked((db) => db.updateTable("users").set(values), "sqlite"), ExecutorError);
      assert.throws(
        checked((db) => db.insertInto("users").values(values), "sqlite"),
        ExecutorError,
      );
    }
    for (const [first, second] of [[1, 2], [2, 1]]) {
      assert.throws(
        checked((db) => db.updateTable("users").set({ tenant_id: first }).set("tenant_id", second)),
        ExecutorError,
      );
    }
  });

  it("that throws, or answers nonsense, is told with its plugin", () => {
    const run = (check: () => unknown) => () =>
      compile(
        [{ ...ofUsers, name: "check", version: "1.0.0", check: check as () => RowCheck }],
        (db) => db.insertInto("users").values({ tenant_id: 1 }),
      );
    const cause = new Error("broken");
    const fail = (): never => {
      throw cause;
    };
    const isHookError = (error: unknown): boolean =>
      error instanceof PluginHookError && error.hook === "check";
    assert.throws(run(fail), isHookError);
    const says = "says";
    assert.throws(
      run(() => ({ columns: ["tenant_id"], satisfied: fail, says })),
      (error) => isHookError(error) && (error as Error).cause === cause,
    );
    const satisfied = (): boolean => true;
    for (
      const answer of [null, 5, {}, { columns: "tenant_id", satisfied, says }, {
        columns: ["tenant_id"],
        says,
      }]
    ) {
      assert.throws(run(() => answer), isHookError, `it took ${JSON.stringify(answer)}`);
    }
  });

  it("is satisfied by true alone", () => {
    for (const answer of [1, "yes", {}, Promise.resolve(true)]) {
      assert.throws(
        () =>
          compile([{
            ...ownTenant,
            check: () => ({
              columns: ["tenant_id"],
              satisfied: () => answer as boolean,
              says: "x",
            }),
          }], (db) => db.insertInto("users").values({ tenant_id: 1 })),
        ExecutorError,
      );
    }
  });
});

onEveryDialect("stamps and checks", (dialect) => {
  it("hold for what a user writes in every spelling of a column that the database takes", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("users")
        .addColumn("id", "integer").addColumn("tenant_id", "integer").execute();
      const spellings = ["tenant_id", "TENANT_ID", "Tenant_Id"];
      for (const plugins of [[tenant("replace")], [tenant("refuse")], [ownTenant]]) {
        await db.deleteFrom("users").execute();
        await db.insertInto("users").values({ id: 0, tenant_id: 1 }).execute();
        const executor = createExecutorSync(db, plugins);
        for (const column of spellings) {
          for (
            const statement of [
              executor.insertInto("users").values({ id: 1, [column]: 5 }),
              executor.updateTable("users").set({ [column]: 5 }),
              executor.updateTable("users").set({ tenant_id: 1, [column]: 5 }),
              executor.insertInto("users").values({ tenant_id: 1, [column]: 5 }),
              executor.insertInto("users").values({ [column]: 5, tenant_id: 1 }),
            ]
          ) {
            await statement.execute().catch(() => {});
            const stored = await db.selectFrom("users").select("tenant_id").distinct().execute();
            assert.deepEqual(stored, [{ tenant_id: 1 }], `${plugins[0]!.name}: ${column}`);
          }
        }
      }
    } finally {
      await close();
    }
  });
});
