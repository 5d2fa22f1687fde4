import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindContext, createExecutor } from "@kysera/executor";
import { allow, defineRLSSchema, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { matrix, onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { relatedCases, type RelatedSubject, RelatedWorld } from "./related.ts";
import { runOracle, summary } from "./run.ts";
import { filteredNames } from "./schema.ts";
import { besideCompiling, plain, variants } from "./subjects.ts";

const { seed, path } = fuzzSeed();

/** Soft delete, and columns that not every row shows: a mask is what a caller finds relations by. */
const policies: RelatedSubject = {
  name: "soft delete and masks",
  seen: (table, row) => {
    if (table === "users" && !READABLE.includes(row.team_id)) return { ...row, name: null };
    if (table === "blog_posts" && !READABLE.includes(row.score)) return { ...row, team_id: null };
    return row;
  },
  async make(db) {
    const policies = [allow("read", true)];
    const schema = defineRLSSchema<any>({
      users: { policies, columns: { name: { read: () => ({ team_id: [...READABLE] }) } } },
      blog_posts: { policies, columns: { team_id: { read: () => ({ score: [...READABLE] }) } } },
    });
    const softly = softDeletePlugin({ tables: filteredNames });
    const executor = await createExecutor(db, [softly, rlsPlugin({ schema })]);
    return bindContext(executor, { auth: { userId: 1, roles: [] } });
  },
};

const READABLE: readonly (number | null)[] = [0, 1, 2, 3];

const run = (
  dialect: typeof matrix[number],
  subject: RelatedSubject,
  runs: number,
  seed: number,
  shrink = true,
) =>
  runOracle({
    dialect,
    subject,
    open: (dialect) => RelatedWorld.open(dialect, subject),
    cases: relatedCases,
    file: "tests/oracle/related_test.ts",
    runs,
    seed,
    path,
    batch: 50,
    shrink,
  });

onEveryDialect("the visible copy", (dialect) => {
  const subjects = dialect.name === "sqlite"
    ? [plain, policies, ...variants.filter(({ camelCase }) => camelCase === undefined)]
    : [plain, policies];
  const most = dialect.name === "pglite" ? 60 : 200;
  for (const [i, subject] of subjects.entries()) {
    if (onlySubject !== undefined && onlySubject !== subject.name) continue;
    const runs = fuzzRuns(variants.includes(subject) ? most / 4 : most, 4);
    it(`has the related rows of ${runs} random questions, behind ${subject.name}`, {
      timeout: 600_000,
    }, async (t) => {
      const own = path === undefined ? seed + 100 * i : seed;
      const report = await run(dialect, subject, runs, own);
      t.diagnostic(summary(report));
      if (path !== undefined) return;
      assert.ok(report.outcomes["failed on both sides"] < 5 + 0.5 * report.runs, summary(report));
    });
  }
});

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("the visible copy", { skip: sqlite.skip ?? false }, () => {
  for (const left of filteredNames) {
    it(`is not what relations give that see hidden rows of ${left}`, async () => {
      const leaky: RelatedSubject = {
        ...besideCompiling,
        make: (db) =>
          createExecutor(db, [
            softDeletePlugin({ tables: filteredNames.filter((name) => name !== left) }),
          ]),
      };
      const failed = run(sqlite, leaky, 500, 1, false);
      await assert.rejects(failed, { name: "OracleFailure", message: /^The results / });
    });
  }
});
