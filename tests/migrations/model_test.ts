import { nodeSqliteDialect } from "@kysera/dialects";
import {
  createMigrationRunner,
  type Migration,
  MigrationError,
  MigrationStateError,
} from "@kysera/migrations";
import fc from "fast-check";
import { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { fuzzRuns } from "../support/random.ts";

/** What a migration of the model is like. */
interface Drawn {
  readonly name: string;
  /** The table that it creates; another one is another migration. */
  readonly version: number;
  readonly fails: boolean;
  readonly hasDown: boolean;
  readonly transaction: boolean;
}

/** What is done, in any order. */
type Action =
  | { readonly do: "add"; readonly at: number; readonly migration: Omit<Drawn, "name"> }
  | { readonly do: "remove" | "edit" | "mend"; readonly at: number }
  | { readonly do: "swap"; readonly at: number }
  | { readonly do: "up" }
  | { readonly do: "upTo"; readonly at: number }
  | { readonly do: "down"; readonly steps: number }
  | { readonly do: "reset" };

const at = fc.nat({ max: 5 });
const drawn = fc.record({
  version: fc.constant(0),
  fails: fc.constantFrom(false, false, false, true),
  hasDown: fc.constantFrom(true, true, true, false),
  transaction: fc.boolean(),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant("add" as const), at, migration: drawn }),
  fc.record({ do: fc.constant("add" as const), at: fc.constant(99), migration: drawn }),
  fc.record({ do: fc.constantFrom("remove" as const, "edit" as const, "mend" as const), at }),
  fc.record({ do: fc.constant("swap" as const), at }),
  fc.constant({ do: "up" as const }),
  fc.constant({ do: "up" as const }),
  fc.record({ do: fc.constant("upTo" as const), at }),
  fc.record({ do: fc.constant("down" as const), steps: fc.nat({ max: 3 }) }),
  fc.constant({ do: "reset" as const }),
);

function migrationOf({ name, version, fails, hasDown, transaction }: Drawn): Migration {
  const table = `t_${name}_${version}`;
  return {
    name,
    transaction,
    // The text of the functions is the same for all of them.
    source: `${name} ${version} ${fails}`,
    async up(db) {
      if (fails) throw new Error(`${name} fails`);
      await db.schema.createTable(table).addColumn("id", "integer").execute();
    },
    ...hasDown
      ? {
        async down(db) {
          // It undoes what was applied, which may be another version.
          const [found] = (await db.introspection.getTables())
            .filter((table) => table.name.startsWith(`t_${name}_`));
          await db.schema.dropTable(found!.name).execute();
        },
      }
      : {},
  };
}

/** The runner, as simple as it can be said. */
class Model {
  code: Drawn[] = [];
  applied: { name: string; version: number }[] = [];
  #next = 0;

  change(action: Action): void {
    const { code } = this;
    switch (action.do) {
      case "add": {
        const name = `m${this.#next++}`;
        code.splice(Math.min(action.at, code.length), 0, { ...action.migration, name });
        return;
      }
      case "remove":
        code.splice(action.at, 1);
        return;
      case "edit":
      case "mend": {
        const old = code[action.at];
        if (old === undefined) return;
        code[action.at] = action.do === "edit"
          ? { ...old, version: old.version + 1 }
          : { ...old, fails: false };
        return;
      }
      case "swap": {
        const [a, b] = [code[action.at], code[action.at + 1]];
        if (a && b) [code[action.at], code[action.at + 1]] = [b, a];
      }
    }
  }

  /** Whether up() has to refuse, for the problem of each kind. */
  get isRefused(): boolean {
    const indexes = this.applied.map(({ name }) =>
      this.code.findIndex((each) => each.name === name)
    );
    if (indexes.includes(-1)) return true;
    const last = Math.max(-1, ...indexes);
    if (this.code.some(({ name }, index) => index < last && !this.#isApplied(name))) return true;
    return this.applied.some(({ name, version }) =>
      this.code.find((each) => each.name === name)!.version !== version
    );
  }

  up(last = Infinity): { executed: string[]; failed: string | undefined } {
    const executed: string[] = [];
    for (const [index, { name, version, fails }] of this.code.entries()) {
      if (index > last || this.#isApplied(name)) continue;
      if (fails) return { executed, failed: name };
      this.applied.push({ name, version });
      executed.push(name);
    }
    return { executed, failed: undefined };
  }

  down(steps: number): { executed: string[]; failed: string | undefined } {
    const executed: string[] = [];
    while (executed.length < steps && this.applied.length > 0) {
      const { name } = this.applied.at(-1)!;
      const code = this.code.find((each) => each.name === name);
      if (code === undefined || !code.hasDown) return { executed, failed: name };
      this.applied.pop();
      executed.push(name);
    }
    return { executed, failed: undefined };
  }

  #isApplied(name: string): boolean {
    return this.applied.some((each) => each.name === name);
  }
}

it("does what a simple model of it says, whatever is done in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 20 }), async (actions) => {
      const db = new Kysely<any>({
        dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
      });
      const model = new Model();
      try {
        for (const action of actions) {
          model.change(action);
          const runner = createMigrationRunner(db, model.code.map(migrationOf));
          let wanted: { executed: string[]; failed: string | undefined } | undefined;
          let run: (() => Promise<unknown>) | undefined;
          if (action.do === "up" || action.do === "upTo") {
            const target = action.do === "upTo" ? model.code[action.at] : undefined;
            if (action.do === "upTo" && target === undefined) continue;
            run = () => target === undefined ? runner.up() : runner.upTo(target.name);
            wanted = model.isRefused
              ? undefined
              : model.up(target && action.do === "upTo" ? action.at : Infinity);
          } else if (action.do === "down" || action.do === "reset") {
            run = () => action.do === "down" ? runner.down(action.steps) : runner.reset();
            wanted = model.down(action.do === "down" ? action.steps : Infinity);
          }
          if (run !== undefined) {
            const outcome = await run().then(
              (result) => ({
                executed: (result as { executed: string[] }).executed,
                failed: undefined,
              }),
              (error) => {
                if (error instanceof MigrationStateError) return undefined;
                if (!(error instanceof MigrationError)) throw error;
                return { executed: error.result?.executed ?? [], failed: error.migrationName };
              },
            );
            assert.deepEqual(outcome, wanted);
          }
          assert.deepEqual(
            await runner.getExecutedMigrations(),
            model.applied.map(({ name }) => name),
          );
          const tables = (await db.introspection.getTables()).map(({ name }) => name)
            .filter((name) => !name.startsWith("kysera_")).sort();
          assert.deepEqual(
            tables,
            model.applied.map(({ name, version }) => `t_${name}_${version}`).sort(),
          );
        }
      } finally {
        await db.destroy();
      }
    }),
    { numRuns: fuzzRuns(300) },
  );
});
