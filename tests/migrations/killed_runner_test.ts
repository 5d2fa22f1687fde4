import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { runsAll } from "../support/random.ts";
import { assertSameEnd, deathsOf, LEASE } from "./_killed.ts";
import { dump, runChild, shareDatabases } from "./_processes.ts";

/** In how many parts all statements of a run are: each takes half a minute. */
const PARTS = runsAll() ? 4 : 1;

onEveryDialect("a runner that is killed", (dialect) => {
  for (let part = 0; part < PARTS; part++) {
    const title = "leaves a database that the next one brings to the same end";
    it(`${title}, part ${part + 1} of ${PARTS}`, () => killEach(dialect, part));
  }
}, ["sqlite", "postgres", "mysql"]);

async function killEach(dialect: TestDialect, part: number): Promise<void> {
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
  const deaths = deathsOf(statements).filter((_, i) => i % PARTS === part);
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
}
