import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createExecutorSync } from "@kysera/executor";
import { onlyDeleted, type SoftDeleteOptions, softDeletePlugin } from "@kysera/soft-delete";
import {
  type DialectAdapter,
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MssqlQueryCompiler,
  PostgresAdapter,
  PostgresQueryCompiler,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

interface Database {
  users: { id: number; is_deleted: boolean };
}

const dialects = {
  postgres: [new PostgresAdapter(), new PostgresQueryCompiler()],
  sqlite: [new SqliteAdapter(), new SqliteQueryCompiler()],
  mssql: [new MssqlAdapter(), new MssqlQueryCompiler()],
} as const satisfies Record<string, readonly [DialectAdapter, QueryCompiler]>;

function make(dialect: keyof typeof dialects, options: SoftDeleteOptions): Kysely<Database> {
  const [adapter, compiler] = dialects[dialect];
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => compiler,
    },
  });
  return createExecutorSync(db, [softDeletePlugin({ tables: ["users"], ...options })]);
}

const flag = { deletedAtColumn: "is_deleted", deletedValue: true } as const;

describe("The SQL of softDeletePlugin()", () => {
  it("is a condition on null where the column holds a time", () => {
    const executor = make("sqlite", {});
    assert.equal(
      executor.selectFrom("users as u").select("u.id").where("u.id", "=", 1).compile().sql,
      'select "u"."id" from "users" as "u" where "u"."id" = ? and "u"."deleted_at" is null',
    );
    assert.equal(
      onlyDeleted(executor).selectFrom("users").select("id").compile().sql,
      'select "id" from "users" where "users"."deleted_at" is not null',
    );
  });

  it("compares flags with what the dialect has for them, written out for partial indexes", () => {
    const where = (executor: Kysely<Database>): string | undefined => {
      const { sql, parameters } = executor.selectFrom("users").select("id").compile();
      assert.deepEqual(parameters, []);
      return sql.split(" where ")[1];
    };
    assert.equal(where(make("postgres", flag)), '"users"."is_deleted" = false');
    assert.equal(where(make("sqlite", flag)), '"users"."is_deleted" = 0');
    assert.equal(where(make("mssql", flag)), '"users"."is_deleted" = 0');
    assert.equal(
      where(onlyDeleted(make("postgres", flag))),
      '("users"."is_deleted" <> false or "users"."is_deleted" is null)',
    );
  });

  it("sets the column where a DELETE becomes an UPDATE", () => {
    const { sql, parameters } = make("postgres", { ...flag, onDelete: "soft" })
      .deleteFrom("users").where("id", "=", 1).compile();
    assert.equal(
      sql,
      'update "users" set "is_deleted" = $1 where "id" = $2 and "users"."is_deleted" = false',
    );
    assert.deepEqual(parameters, [true, 1]);
    assert.match(
      make("mssql", { onDelete: "soft" }).deleteFrom("users").where("id", "=", 1).compile().sql,
      /^update "users" set "deleted_at" = @1 where "id" = @2 and "users"."deleted_at" is null$/,
    );
  });

  it("says nothing of tables that are not listed", () => {
    const executor: Kysely<any> = make("sqlite", { onDelete: "deny" });
    assert.equal(executor.deleteFrom("posts").compile().sql, 'delete from "posts"');
  });
});
