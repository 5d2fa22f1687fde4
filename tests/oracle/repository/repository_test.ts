import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matrix, onEveryDialect } from "../../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../../support/random.ts";
import { repositoryOracle } from "../oracles.ts";
import { leaky, mistakes } from "./leaky.ts";
import { plain, tenants, variants } from "./subjects.ts";

const { seed, path } = fuzzSeed();

onEveryDialect("repositories", (dialect) => {
  const subjects = dialect.name === "sqlite" ? [plain, tenants, ...variants] : [tenants];
  for (const [i, subject] of subjects.entries()) {
    if (onlySubject !== undefined && subject.name !== onlySubject) continue;
    const most = dialect.name === "pglite" ? 15 : variants.includes(subject) ? 40 : 100;
    const runs = fuzzRuns(most, 10);
    it(`answer ${runs} sequences of calls as their model does, with ${subject.name}`, {
      timeout: 600_000,
    }, async (t) => {
      const own = path === undefined ? seed + 100 * i : seed;
      const report = await repositoryOracle(subject).run({ dialect, runs, seed: own, path });
      t.diagnostic(`${report.runs} sequences: ${JSON.stringify(report.outcomes)}`);
    });
  }
});

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("the model of repositories", { skip: sqlite.skip ?? false }, () => {
  for (const [name, mistake] of Object.entries(mistakes)) {
    it(`is not that of a repository ${name}`, { timeout: 600_000 }, async () => {
      const oracle = repositoryOracle(leaky(tenants, mistake));
      const run = oracle.run({ dialect: sqlite, runs: 2000, seed: 1, shrink: false });
      await assert.rejects(run, { name: "OracleFailure" });
    });
  }
});
