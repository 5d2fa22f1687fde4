import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Plugin, TableReference } from "@kysera/executor";
import { OracleFailure, type RunOptions, runOracle } from "../oracle/run.ts";
import { type Shared, sharingPasses } from "../oracle/shared_pass.ts";
import { matrix } from "../support/matrix.ts";
import { ownRows } from "./oracle_data.ts";
import { interference } from "./oracle_interference.ts";
import { NativeWorld } from "./oracle_native.ts";
import { PairWorld } from "./oracle_pair.ts";
import { TENANT } from "./oracle_statement.ts";
import { standIn } from "./oracle_stand_in.ts";
import { subjects, variants } from "./oracle_subjects.ts";
import { type Subject, VisibleWorld } from "./oracle_visible.ts";

const options = { timeout: 600_000 };

/** Runs until a difference is found: there has to be one. */
async function isFoundOut(run: Omit<RunOptions, "seed">): Promise<void> {
  try {
    await runOracle({ prepare: ownRows, seed: 1, shrink: false, ...run });
  } catch (error) {
    if (error instanceof OracleFailure) return;
    throw error;
  }
  assert.fail("the oracle found nothing");
}

function overlooking(where: (ref: TableReference) => boolean): Partial<Plugin> {
  return {
    filter: (ref, { eb }) => where(ref) ? undefined : eb(ref.column("team_id"), "=", TENANT),
  };
}

const says = "the tenant is the caller's";
const leaks: Readonly<Record<string, Partial<Plugin>>> = {
  "overlooks aliased tables": overlooking((ref) => ref.alias !== ref.table),
  "overlooks what an UPDATE writes": overlooking((ref) =>
    ref.operation === "update" && ref.role === "target"
  ),
  "overlooks what a DELETE writes": overlooking((ref) =>
    ref.operation === "delete" && ref.role === "target"
  ),
  "shows what belongs to nobody": {
    filter: (ref, { eb }) =>
      eb.or([eb(ref.column("team_id"), "=", TENANT), eb(ref.column("team_id"), "is", null)]),
  },
  "checks nothing": { check: () => undefined },
  "checks no changed rows": {
    check: ({ operation }) =>
      operation === "update" ? undefined : {
        columns: ["team_id"],
        says,
        satisfied: (row) => row["team_id"] === undefined ? undefined : row["team_id"] === TENANT,
        predicate: (row, { eb }) => eb(row.column("team_id"), "=", TENANT),
      },
  },
  "takes an unknown tenant for the caller's": {
    check: () => ({
      columns: ["team_id"],
      says,
      satisfied: (row) => (row["team_id"] ?? TENANT) === TENANT,
      predicate: (row, { eb }) => eb(row.column("team_id"), "=", TENANT),
    }),
  },
  "stamps nothing": { stamp: () => undefined },
  "stamps another tenant": {
    stamp: ({ operation }) => operation === "insert" ? { set: { team_id: 2 } } : undefined,
    check: () => undefined,
  },
};

const sqlite = matrix.find((dialect) => dialect.name === "sqlite")!;

describe("a copy of the caller's rows", { skip: sqlite.skip ?? false }, () => {
  for (const [name, change] of Object.entries(leaks)) {
    it(`is not answered by policies whose keeper ${name}`, options, async () => {
      const subject = standIn(name, change);
      await isFoundOut({
        dialect: sqlite,
        open: (on) => VisibleWorld.open(on, subject),
        runs: 3000,
      });
    });
  }
});

/** What an executor whose passes share something does wrong, as soon as hooks compile queries. */
const shares: readonly Shared[] = ["what they have used", "what is left to be checked"];

describe("hooks that compile queries", { skip: sqlite.skip ?? false }, () => {
  const beside = variants.find(({ name }) =>
    name === "a tenant column, beside hooks that compile queries"
  )!;
  const alone = subjects.find(({ name }) => name === "a tenant column")!;
  const run = (subject: Subject, runs: number): Omit<RunOptions, "seed"> => ({
    dialect: sqlite,
    open: (on) => VisibleWorld.open(on, subject),
    runs,
  });
  for (const shared of shares) {
    it(
      `find out an executor that shares ${shared}, which is good without them`,
      options,
      async () => {
        await sharingPasses(shared, async () => {
          await runOracle({ prepare: ownRows, seed: 1, ...run(alone, 200) });
          await isFoundOut(run(beside, 3000));
        });
      },
    );
  }

  it("find nothing out about the executor as it is", options, async () => {
    await runOracle({ prepare: ownRows, seed: 1, ...run(beside, 200) });
  });
});

describe("rows of others", { skip: sqlite.skip ?? false }, () => {
  for (const name of ["overlooks aliased tables", "shows what belongs to nobody"] as const) {
    it(`change what is seen where a keeper ${name}`, options, async () => {
      const subject = standIn(name, leaks[name]);
      await isFoundOut({
        dialect: sqlite,
        open: (on) => PairWorld.open(on, interference(subject)),
        runs: 3000,
      });
    });
  }
});

const mistakes: Readonly<Record<string, (statement: string) => string | undefined>> = {
  "are all permissive": (statement) => statement.replace("as restrictive", "as permissive"),
  "are for one operation only": (statement) =>
    /^create policy .* for (?:insert|update|delete)/.test(statement) ? undefined : statement,
  "deny what they should allow": (statement) => statement.replace(/\bnot \(/g, "("),
  "do not check the treatment of rows": (statement) =>
    statement.replace(/( for update .*) with check .*/s, "$1 with check (true)"),
  "are not turned on": (statement) =>
    statement.endsWith("row level security") ? undefined : statement,
};
const postgres = matrix.find((dialect) => dialect.dialect === "postgres" && !dialect.skip) ??
  matrix.find((dialect) => dialect.name === "pglite")!;
const mixed = subjects.find(({ name }) => name === "less to write than to read")!;

describe("the policies of PostgreSQL", { skip: postgres.skip ?? false }, () => {
  for (const [name, change] of Object.entries(mistakes)) {
    it(`and rewriting do not agree where they ${name}`, options, async () => {
      await isFoundOut({
        dialect: postgres,
        open: (on) =>
          NativeWorld.open(on, mixed, (all) => all.flatMap((each) => change(each) ?? [])),
        runs: 1000,
      });
    });
  }

  it("and rewriting do not agree where what is hidden may be changed unseen", options, async () => {
    const narrow = subjects.find(({ name }) => name === "less to read than to write")!;
    const isAboutSight = (statement: string): boolean =>
      /^create policy "[^"]*_read(?:_update|_delete)" .* for (?:update|delete)/.test(statement) ||
      /^create policy "rls_visible/.test(statement);
    await isFoundOut({
      dialect: postgres,
      open: (on) =>
        NativeWorld.open(on, narrow, (all) => all.filter((each) => !isAboutSight(each))),
      runs: 1000,
    });
  });
});
