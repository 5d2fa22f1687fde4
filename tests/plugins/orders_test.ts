import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { getPlugins } from "@kysera/executor";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { fuzzPart } from "../support/random.ts";
import { type Outcome, run } from "./_script.ts";
import { createTables, executorOf, fill, type Name, NAMES, permutations, state } from "./_world.ts";

/** What steps give, on every dialect. */
const RESULTS: Readonly<Record<string, unknown>> = {
  "alice inserts": 2,
  "alice inserts for another tenant": "RLSPolicyViolation",
  "alice inserts what is not valid": "RLSPolicyViolation",
  "alice inserts from a select": 2,
  "alice updates": 6,
  "alice updates what is not hers": 0,
  "alice updates what is deleted": 0,
  "alice moves a row to another tenant": "RLSPolicyViolation",
  "bob deletes what he can": 1,
  "alice deletes": 1,
  "bob restores": 1,
  "bob touches": 1,
  "alice removes for good": 2,
  "alice soft-deletes": 1,
  "alice updates without stamps": 1,
  "alice undoes": "RangeError",
  "bob does two things at once": [{ title: "task 4" }, { title: "thirty!" }],
  "alice upserts 3": 0,
  "alice renames 1, prepared": 1,
  "alice renames 4, prepared": 0,
  "alice reads 4, prepared": [],
  "bob renames 1, prepared": 0,
  "bob reads 1, prepared": [],
  "bob renames 4, prepared": 1,
  "alice's repository: create what is not valid": "RLSPolicyViolation",
  "alice's repository: update what is not there": "NotFoundError",
  "alice's repository: updateMany of what is not there": "NotFoundError",
  "alice's repository: softDelete": true,
  "alice's repository: softDeleteMany": 2,
  "alice's repository: restoreMany": 2,
  "alice's repository: hardDelete": false,
  "alice's repository: touchMany": 2,
  "alice's repository: upsert of what is not there": "UpsertConflictError",
  "alice's repository: findDeleted": [10, 102, 104],
  "alice's repository: findAllWithDeleted": [1, 3, 10, 21, 22, 100, 102, 103, 104, 106],
  "alice's repository: exists": false,
  "bob's repository: exists": true,
  "bob's repository: history of what is not there": 0,
};

/** The tasks in the end: id, tenant, title, points, when they were deleted. */
const TASKS: readonly string[] = [
  "1 1 by alice 9 -",
  "3 1 task 3 3 -",
  "4 2 by bob 4 -",
  "5 2 task 5 5 -",
  "10 1 ten 50 gone",
  "21 1 task 1 9 -",
  "22 1 task 2 9 -",
  "30 2 thirty! 0 -",
  "100 1 upserted 4 -",
  "102 1 many 9 gone",
  "103 1 many 9 -",
  "104 1 four 0 gone",
  "106 1 bare 0 -",
  "200 2 upserted 4 -",
  "202 2 many 9 gone",
  "203 2 many 9 -",
  "204 2 four 0 gone",
  "206 2 bare 0 -",
];

onEveryDialect("createExecutor(db, [softDelete, timestamps, audit, rls])", (dialect) => {
  let database: TestDatabase;
  let expected: Awaited<ReturnType<typeof outcome>>;

  before(async () => {
    database = await dialect.open();
    await createTables(dialect, database.db);
    expected = await outcome(NAMES, { priorities: true });
  });
  after(() => database.close());

  async function outcome(
    order: readonly Name[],
    options: { readonly priorities: boolean },
  ): Promise<{ steps: Outcome[]; tasks: string[]; log: string[] }> {
    await fill(dialect, database.db);
    const executor = await executorOf(database.db, order, options);
    const steps = await run(dialect, executor);
    return { steps, ...await state(database.db) };
  }

  it("does what each of them says", () => {
    const steps = Object.fromEntries(expected.steps);
    for (const [step, result] of Object.entries(RESULTS)) {
      if (step === "alice upserts 3" && dialect.dialect === "mysql") continue;
      assert.deepEqual(steps[step], result, step);
    }
    // What is left of the times is for the order of the plugins to say nothing about.
    assert.deepEqual(expected.tasks.map((task) => task.split(" | ").slice(0, 5).join(" ")), TASKS);
  });

  it("leaves a log that tells how each row came to be as it is", () => {
    for (const task of expected.tasks) {
      const [id, , title, points, deleted, , updated] = task.split(" | ");
      const entries = expected.log.filter((entry) => entry.split(" | ")[1] === id);
      const images = entries.map((entry) => entry.split(" | ")[3]!.split(" => "));
      images.forEach(([before], i) => {
        if (i > 0) assert.equal(before, images[i - 1]![1], task);
      });
      assert.equal(images.at(-1)![1], `${title} ${points} ${deleted} ${updated}`, task);
      const tenant = task.split(" | ")[1];
      assert.deepEqual([...new Set(entries.map((entry) => entry.split(" | ")[2]))], [tenant]);
    }
  });

  it("runs row-level security first and audit last, whatever the order that is given", async () => {
    for (const order of permutations(NAMES)) {
      const names = getPlugins(await executorOf(database.db, order)).map(({ name }) => name);
      assert.equal(names[0], "@kysera/rls");
      assert.equal(names.at(-1), "@kysera/audit");
    }
  });

  describe("does the same, even where the plugins have no priorities,", () => {
    for (const order of fuzzPart(permutations(NAMES))) {
      it(`in the order ${order.join(", ")}`, async () => {
        assert.deepEqual(await outcome(order, { priorities: false }), expected);
      });
    }
  });
});
