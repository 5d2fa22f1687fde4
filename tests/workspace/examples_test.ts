import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../../scripts/workspace.ts";
import { startPooler, whyNoPooler } from "../migrations/_pooler.ts";
import { runsAll } from "../support/random.ts";

/** Projects of their own, which the tasks of the repository leave out. */
const EXAMPLES: Readonly<Record<string, readonly ServerName[]>> = {
  "blog-app": ["SQLite", "PostgreSQL", "MariaDB"],
  "e-commerce": ["SQLite", "PostgreSQL", "MariaDB"],
  "multi-tenant-saas": ["SQLite", "PostgreSQL"],
};
/** The servers that their tests run on; without one they run on what is embedded. */
const SERVERS = {
  SQLite: "",
  PostgreSQL: process.env["KYSERA_TEST_POSTGRES_URL"],
  MariaDB: process.env["KYSERA_TEST_MYSQL_URL"],
} as const;
type ServerName = keyof typeof SERVERS;

describe("the examples", () => {
  for (const [example, servers] of Object.entries(EXAMPLES)) {
    it(`${example} is formatted, without findings of the linter, and its types are right`, () => {
      runTask(example, "check");
    });

    for (const server of servers) {
      const url = SERVERS[server];
      it(`${example} passes its own tests on ${server}`, {
        skip: url === undefined ? "it is not here" : !runsAll() && "--full runs them",
      }, () => {
        runTask(example, "test", { DATABASE_URL: url });
      });
    }
  }
});

describe("multi-tenant-saas behind a pooler of transactions", () => {
  const server = SERVERS.PostgreSQL;

  it("keeps organisations apart", {
    skip: server === undefined
      ? "PostgreSQL is not here"
      : whyNoPooler() ?? (!runsAll() && "--full runs it"),
  }, async () => {
    const pooler = await startPooler(server!);
    try {
      runTask("multi-tenant-saas", "test", { DATABASE_URL: pooler.url }, ["isolation_test.ts"]);
    } finally {
      await pooler.close();
    }
  });
});

function runTask(
  example: string,
  task: string,
  env: NodeJS.ProcessEnv = {},
  args: readonly string[] = [],
): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["task", task, ...args], {
    cwd: join(ROOT, "examples", example),
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  assert.equal(status, 0, stdout + stderr);
}
