import { it } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../../scripts/workspace.ts";
import { runsAll } from "../support/random.ts";

export type ServerName = "SQLite" | "PostgreSQL" | "MariaDB";
/** The servers that their tests run on; without one they run on what is embedded. */
export const SERVERS: Readonly<Record<ServerName, string | undefined>> = {
  SQLite: "",
  PostgreSQL: process.env["KYSERA_TEST_POSTGRES_URL"],
  MariaDB: process.env["KYSERA_TEST_MYSQL_URL"],
};

/**
 * Declares the tests of an example: a project of its own, which the tasks of the repository leave out.
 *
 * @param example the name of its folder
 * @param servers those that it can use; SQLite stands for what is embedded
 */
export function testExample(example: string, servers: readonly ServerName[]): void {
  it("is formatted, without findings of the linter, and its types are right", {
    skip: !runsAll() && "--full runs it",
  }, () => {
    runTask(example, "check");
  });

  for (const server of servers) {
    const url = SERVERS[server];
    it(`passes its own tests on ${server}`, {
      skip: url === undefined ? "it is not here" : !runsAll() && "--full runs them",
    }, () => {
      runTask(example, "test", { DATABASE_URL: url });
    });
  }
}

/** Runs a task of an example, and asserts that it ends well. */
export function runTask(
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
  assert.equal(status, 0, problemOf(stdout + stderr));
}

/** What failed, in front of the tests that passed: reports of long outputs are cut. */
function problemOf(output: string): string {
  const start = output.search(/^ ERRORS $/m);
  return start < 0 ? output : `${output.slice(start)}\n${output.slice(0, start)}`;
}
