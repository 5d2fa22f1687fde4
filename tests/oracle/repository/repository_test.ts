import assert from "node:assert/strict";
import { describe, it } from "node:test";
import process from "node:process";
import { matrix, onEveryDialect, type TestDialect } from "../../support/matrix.ts";
import { fuzzRuns, fuzzSeed, type RunOptions, runOracle, summary } from "../run.ts";
import { sequences } from "./generate.ts";
import { leaky, mistakes } from "./leaky.ts";
import { plain, type RepositorySubject, tenants, variants } from "./subjects.ts";
import { data } from "./tables.ts";
import { RepositoryWorld } from "./world.ts";

const { seed, path } = fuzzSeed();
const only = process.env["KYSERA_FUZZ_SUBJECT"];

const run = (
  dialect: TestDialect,
  subject: RepositorySubject,
  runs: number,
  seed: number,
  more: Pick<RunOptions, "path" | "shrink">,
) =>
  runOracle({
    dialect,
    open: (dialect) => RepositoryWorld.open(dialect, subject),
    cases: sequences({ streams: dialect.name !== "pglite" }),
    data,
    batch: 10,
    file: "tests/oracle/repository/repository_test.ts",
    runs,
    seed,
    ...more,
  });

onEveryDialect("repositories", (dialect) => {
  const subjects = dialect.name === "sqlite" ? [plain, tenants, ...variants] : [tenants];
  for (const [i, subject] of subjects.entries()) {
    if (only !== undefined && subject.name !== only) continue;
    const runs = fuzzRuns(dialect.name === "sqlite" ? 100 : 40);
    it(`answer ${runs} sequences of calls as their model does, with ${subject.name}`, {
      timeout: 600_000,
    }, async (t) => {
      const own = path === undefined ? seed + 100 * i : seed;
      const report = await run(dialect, subject, runs, own, { path });
      t.diagnostic(summary(report));
    });
  }
});

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("the model of repositories", { skip: sqlite.skip ?? false }, () => {
  for (const [name, mistake] of Object.entries(mistakes)) {
    it(`is not that of a repository ${name}`, { timeout: 600_000 }, async () => {
      await assert.rejects(run(sqlite, leaky(tenants, mistake), 2000, 1, { shrink: false }), {
        name: "OracleFailure",
      });
    });
  }
});
