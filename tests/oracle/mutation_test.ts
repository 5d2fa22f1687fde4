import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createExecutor, type Plugin, type TableReference } from "@kysera/executor";
import { matrix } from "../support/matrix.ts";
import { leaky, type Mistakes } from "./leaky.ts";
import { OracleFailure, type RunOptions, runOracle } from "./run.ts";
import { filteredNames } from "./schema.ts";
import type { Subject } from "./world.ts";

/** What plugins that rewrite the tree by themselves have got wrong. */
const mistakes: Readonly<Record<string, Mistakes>> = {
  "filters the first table of the root only": { firstTableOnly: true },
  "does not filter joined tables": { noJoins: true },
  "does not parenthesise what is there": { noParens: true },
  "takes a CTE for the table of its name": { blindToCtes: true },
  "filters what is read and not what is written": { readsOnly: true },
};

/** References that a filter overlooks, while the executor puts it in all the right places. */
const blindSpots: Readonly<Record<string, (ref: TableReference) => boolean>> = {
  "overlooks aliased tables": (ref) => ref.alias !== ref.table,
  "overlooks tables with a schema": (ref) => ref.schema !== undefined,
  "overlooks what is written": (ref) => ref.role === "target",
  "overlooks what an UPDATE reads": (ref) => ref.operation === "update" && ref.role === "source",
  "overlooks what a DELETE writes": (ref) => ref.operation === "delete" && ref.role === "target",
  "overlooks what an INSERT writes": (ref) => ref.operation === "insert" && ref.role === "target",
};

const sqlite = matrix.find((dialect) => dialect.name === "sqlite")!;

async function isFoundOut(subject: Subject): Promise<void> {
  const first = await failureOf({ dialect: sqlite, subject, runs: 2000, seed: 1 });
  const [, seed, path] = /KYSERA_FUZZ_SEED=(\d+) KYSERA_FUZZ_PATH=([\d:]+)/.exec(first)!;
  const again = await failureOf({
    dialect: sqlite,
    subject,
    runs: 1,
    seed: Number(seed),
    path: path!,
  });
  assert.equal(statements(again), statements(first), "the seed and the path lead to the same");
}

async function failureOf(options: RunOptions): Promise<string> {
  try {
    await runOracle(options);
  } catch (error) {
    if (error instanceof OracleFailure) return error.message;
    throw error;
  }
  return assert.fail("the oracle found nothing");
}

function statements(message: string): string {
  return message.split("\n").filter((line) => /^(select|with|update|delete|insert)/.test(line))
    .join("\n");
}

describe("the visible copy", { skip: sqlite.skip ?? false }, () => {
  for (const [name, mistake] of Object.entries(mistakes)) {
    it(`is not answered by a plugin that ${name}`, { timeout: 600_000 }, async () => {
      await isFoundOut({ name, make: (db) => db.withPlugin(leaky(mistake)) });
    });
  }

  for (const [name, overlooks] of Object.entries(blindSpots)) {
    it(`is not answered by a filter that ${name}`, { timeout: 600_000 }, async () => {
      const plugin: Plugin = {
        name: "blind",
        version: "1.0.0",
        appliesTo: (table) => filteredNames.includes(table.name),
        filter: (ref, { eb }) =>
          overlooks(ref) ? undefined : eb(ref.column("deleted_at"), "is", null),
      };
      await isFoundOut({ name, make: (db) => createExecutor(db, [plugin]) });
    });
  }

  it("is answered by bare Kysely when nothing is hidden", async () => {
    const report = await runOracle({
      dialect: sqlite,
      subject: { name: "bare Kysely", make: (db) => db },
      runs: 500,
      seed: 1,
      prepare: (data) =>
        Object.fromEntries(
          Object.entries(data).map(([table, rows]) => [
            table,
            rows.map((row) => ({ ...row, deleted_at: null })),
          ]),
        ),
    });
    assert.equal(report.runs, 500);
  });
});
