import { describe, it } from "node:test";
import { startPooler, whyNoPooler } from "../migrations/_pooler.ts";
import { runsAll } from "../support/random.ts";
import { runTask, SERVERS, testExample } from "./_examples.ts";

describe("examples/multi-tenant-saas", () => {
  testExample("multi-tenant-saas", ["SQLite", "PostgreSQL"]);

  it("keeps organisations apart behind a pooler of transactions", {
    skip: SERVERS.PostgreSQL === undefined
      ? "PostgreSQL is not here"
      : whyNoPooler() ?? (!runsAll() && "--full runs it"),
  }, async () => {
    const pooler = await startPooler(SERVERS.PostgreSQL!);
    try {
      runTask("multi-tenant-saas", "test", { DATABASE_URL: pooler.url }, ["isolation_test.ts"]);
    } finally {
      await pooler.close();
    }
  });
});
