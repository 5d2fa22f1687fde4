/** The specification's sample on query debugging. */
import { QueryProfiler, withDebug } from "@kysera/debug";
import { silentLogger } from "@kysera/core";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("specification: query debugging", (dialect) => {
  it("profiles and debugs queries", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("users").addColumn("id", "integer").execute();

      // Add debug capabilities
      const debugDb = withDebug(db, {
        logQueries: true,
        slowQueryThreshold: 100,
        logger: silentLogger,
      });

      // Profile queries
      const profiler = new QueryProfiler();
      profiler.start();
      await debugDb.selectFrom("users").selectAll().execute();
      await debugDb.insertInto("users").values({ id: 1 }).execute();
      const report = profiler.getReport();
      assert.deepEqual(report.slowQueries.filter(({ duration }) => duration < 100), []);
      assert.equal(report.count, 2);
      assert.equal(debugDb.getMetrics().length, 2);
      profiler.stop();
    } finally {
      await close();
    }
  });
});
