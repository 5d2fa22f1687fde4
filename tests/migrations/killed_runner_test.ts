import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { assertSameEnd, deathsOf, LEASE } from "./_killed.ts";
import { dump, runChild, shareDatabases } from "./_processes.ts";

onEveryDialect("a runner that is killed", (dialect) => {
  it("leaves a database that the next one brings to the same end", async () => {
    const first = await shareDatabases(dialect.dialect, 1);
    const task = { dialect: first.dialect, url: first.url, lease: LEASE };
    let wanted: unknown;
    let statements: number;
    try {
      const whole = await runChild({ ...task, within: first.within });
      assert.equal(whole.code, 0, whole.errors);
      statements = whole.result!.statements;
      const db = await first.open(first.within[0]!);
      wanted = await dump(db, first.dialect).finally(() => db.destroy());
    } finally {
      await first.close();
    }
    const deaths = deathsOf(statements);
    const shared = await shareDatabases(dialect.dialect, deaths.length);
    try {
      let died = 0;
      for (const [i, { dieAt, dies, place }] of deaths.entries()) {
        const within = shared.within[i]!;
        const killed = await runChild({ ...task, url: shared.url, within: [within], dieAt, dies });
        // How often it says that it lives depends on how fast it is: it may have come to its end.
        if (killed.result === undefined) died++;
        const db = await shared.open(within);
        try {
          await assertSameEnd(db, shared.dialect, wanted, place);
        } finally {
          await db.destroy();
        }
      }
      assert.ok(died > 0);
    } finally {
      await shared.close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);
