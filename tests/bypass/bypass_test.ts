import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { everyRow, keyOf } from "./corpus.ts";
import { lackOf, runCase } from "./run.ts";
import { BypassWorld } from "./world.ts";

onEveryDialect("The bypass corpus", (dialect) => {
  let world: BypassWorld | undefined;
  before(async () => {
    world = await BypassWorld.open(dialect);
  });
  after(() => world?.close());

  for (const row of everyRow()) {
    for (const bypass of row.cases) {
      const lack = lackOf(bypass, dialect);
      if (lack !== undefined) continue;
      it(`lets nothing past by row ${keyOf(row, bypass)}`, async () => {
        const { problems } = await runCase(world!, row, bypass);
        assert.equal(problems.length, 0, `\n${problems.join("\n")}`);
      });
    }
  }
});
