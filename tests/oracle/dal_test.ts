import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createExecutor, getRawDb } from "@kysera/executor";
import { matrix, onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { DalWorld } from "./dal.ts";
import { scripts } from "./dal_script.ts";
import { runOracle, summary } from "./run.ts";
import { besideCompiling, plain } from "./subjects.ts";
import type { Subject } from "./world.ts";

const file = "tests/oracle/dal_test.ts";
const { seed, path } = fuzzSeed();

const run = (dialect: typeof matrix[number], subject: Subject, runs: number, seed: number) =>
  runOracle({
    dialect,
    subject,
    open: (dialect) => DalWorld.open(dialect, subject),
    cases: scripts(capabilitiesOf(dialect)),
    file,
    runs,
    seed,
    path,
  });

onEveryDialect("the visible copy", (dialect) => {
  const most = dialect.name === "sqlite" ? 300 : dialect.name === "pglite" ? 40 : 100;
  for (const [i, subject] of [plain, besideCompiling].entries()) {
    const runs = fuzzRuns(most / (subject === plain ? 1 : 4), 4);
    it(
      `answers ${runs} random scripts as the database behind ${subject.name} does, through the DAL`,
      {
        timeout: 600_000,
        skip: onlySubject !== undefined && onlySubject !== subject.name,
      },
      async (t) => {
        const report = await run(
          dialect,
          subject,
          runs,
          path === undefined ? seed + 100 * i : seed,
        );
        t.diagnostic(summary(report));
        if (path !== undefined) return;
        assert.ok(report.outcomes["refused"] < 5 + 0.15 * report.runs, summary(report));
        assert.ok(report.outcomes["failed on both sides"] < 5 + 0.3 * report.runs, summary(report));
      },
    );
  }
});

/** What a data access layer may lose on the way. */
const mistakes: Readonly<Record<string, Subject>> = {
  "loses its plugins in a transaction": {
    ...plain,
    async make(db) {
      const executor = await plain.make(db);
      return new Proxy(executor, {
        get(target, key) {
          // The DAL takes a connection for a transaction.
          if (key === "connection") return () => getRawDb(target).connection();
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === "function" ? member.bind(target) : member;
        },
      });
    },
  },
  "has no plugins": { ...plain, make: (db) => createExecutor(db, []) },
};

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("the visible copy", { skip: sqlite.skip ?? false }, () => {
  for (const [name, subject] of Object.entries(mistakes)) {
    it(`is not answered, through the DAL, by what ${name}`, async () => {
      const failed = run(sqlite, { ...subject, name }, 500, 1);
      await assert.rejects(failed, { name: "OracleFailure", message: /^The (results|rows) / });
    });
  }
});
