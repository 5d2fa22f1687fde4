import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Plugin } from "@kysera/executor";
import { matrix, onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { late, pairs, PreparedWorld, twoCallers } from "./prepared.ts";
import { OracleFailure, runOracle, summary } from "./run.ts";
import { plain, variants } from "./subjects.ts";
import type { Subject } from "./world.ts";

const file = "tests/oracle/prepared_test.ts";
const { seed, path } = fuzzSeed();

type Pair = readonly [Subject, Subject?];

const subjects: readonly Pair[] = [
  [plain],
  ...pairs,
  ...variants.map((variant): Pair => [variant]),
];

onEveryDialect("the visible copy", (dialect) => {
  for (const [i, [one, other]] of subjects.entries()) {
    // How values are bound is not the dialect's business.
    if (i >= 2 && dialect.name !== "sqlite") continue;
    if (onlySubject !== undefined && one.name !== onlySubject) continue;
    const most = dialect.name === "sqlite" ? 400 : dialect.name === "pglite" ? 80 : 200;
    const runs = fuzzRuns(i < 2 ? most : 50, i < 2 ? 2 : 5);
    it(`answers ${runs} random queries as the database behind ${one.name} does, prepared`, {
      timeout: 600_000,
    }, async (t) => {
      const report = await runOracle({
        dialect,
        subject: one,
        open: (dialect) => PreparedWorld.open(dialect, one, other),
        file,
        runs,
        seed: path === undefined ? seed + 100 * i : seed,
        path,
      });
      t.diagnostic(summary(report));
    });
  }
});

/** Plugins that are wrong in prepared queries only. */
const mistakes: Readonly<Record<string, Plugin>> = {
  "keeps what it has read from a context": {
    ...late,
    filter: (ref, { eb, context }) => {
      kept ??= context?.["sees"];
      return eb.or([
        eb(ref.column("deleted_at"), "is", null),
        eb(ref.column("deleted_at"), "=", kept),
      ]);
    },
  },
};
let kept: unknown;

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("the visible copy", { skip: sqlite.skip ?? false }, () => {
  for (const [name, plugin] of Object.entries(mistakes)) {
    it(`is not answered, prepared, by a plugin that ${name}`, async () => {
      const [one, other] = twoCallers(name, plugin);
      await assert.rejects(
        runOracle({
          dialect: sqlite,
          subject: one,
          open: (dialect) => PreparedWorld.open(dialect, one, other),
          file,
          runs: 1000,
          seed: 1,
        }),
        OracleFailure,
      );
    });
  }
});
