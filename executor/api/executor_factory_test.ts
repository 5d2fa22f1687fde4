import {
  createExecutor,
  ExecutorError,
  type Plugin,
  PluginValidationError,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

/** A plugin that asks the database, which is not there at first. */
function asking(refusals: number): { readonly plugin: Plugin; readonly asked: () => number } {
  let asked = 0;
  const plugin: Plugin = {
    name: "asking",
    version: "1.0.0",
    setup() {
      if (asked++ < refusals) {
        const error = new Error("connect ECONNREFUSED 127.0.0.1:5432");
        throw Object.assign(error, { code: "ECONNREFUSED" });
      }
      return { filter: (reference, { eb }) => eb(reference.column("hidden"), "=", 0) };
    },
  };
  return { plugin, asked: () => asked };
}

describe("createExecutor.lazy()", () => {
  it("asks nothing before the first call, and once for all calls", async () => {
    const { plugin, asked } = asking(0);
    let opened = 0;
    const executor = createExecutor.lazy(() => {
      opened++;
      return Promise.resolve(dummy());
    }, [plugin]);
    assert.deepEqual([opened, asked()], [0, 0]);
    const [one, other] = await Promise.all([executor(), executor()]);
    assert.equal(one, other);
    assert.equal(await executor(), one);
    assert.deepEqual([opened, asked()], [1, 1]);
    const { sql } = (one as Kysely<any>).selectFrom("users").selectAll().compile();
    assert.equal(sql, `select * from "users" where "users"."hidden" = $1`);
  });

  it("tries again where the database was not there, and says what to do", async () => {
    const { plugin, asked } = asking(1);
    const executor = createExecutor.lazy(dummy(), [plugin], { rawSql: "deny" });
    await assert.rejects(
      executor(),
      (error) =>
        error instanceof PluginValidationError &&
        /ECONNREFUSED.*ask the database once.*createExecutor\.lazy/.test(error.message),
    );
    await executor();
    assert.equal(asked(), 2);
  });

  it("refuses at once what createExecutor() would refuse later", () => {
    assert.throws(() => createExecutor.lazy({} as never, []), ExecutorError);
    assert.throws(() => createExecutor.lazy(dummy(), {} as never), PluginValidationError);
    assert.throws(() => createExecutor.lazy(dummy(), [], { raw: "deny" } as never), ExecutorError);
  });

  it("rejects where the function gives no database", async () => {
    const executor = createExecutor.lazy(() => ({}) as never, []);
    await assert.rejects(
      executor(),
      (error) => error instanceof ExecutorError && error.code === "INVALID_DATABASE",
    );
  });
});
