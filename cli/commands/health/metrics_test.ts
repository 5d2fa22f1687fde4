import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../../../tests/support/matrix.ts";
import { withDatabase } from "../../_testing/databases.ts";

onEveryDialect("kysera health metrics", (dialect) => {
  it("tells what the server says of its work", async () => {
    await withDatabase(dialect, async ({ project, db }) => {
      await project.write(
        "migrations/001_a.sql",
        "create table a (id integer not null primary key);",
      );
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      const { code, data, error } = await project.json(["health", "metrics", "--samples", "3"]);
      assert.equal(code, 0, error?.message);
      const { latency, connections, size, cacheHits } = data;
      assert.ok(
        latency.least >= 0 && latency.least <= latency.median && latency.median <= latency.most,
      );
      assert.ok(size > 0);
      assert.equal(connections === null, dialect.name === "sqlite");
      if (db !== undefined) {
        assert.ok(connections.open >= 1 && connections.open <= connections.most);
        assert.ok(cacheHits >= 0 && cacheHits <= 1);
      }
      const shown = await project.on(dialect)(["health", "metrics"]);
      assert.match(shown.stdout, /^Latency +[\d.]+ ms/, shown.stderr);
      assert.match(shown.stdout, /^Size +[\d,]+ KiB$/m);
      assert.equal((await project.json(["health", "metrics", "--samples", "0"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
