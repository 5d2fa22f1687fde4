import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor, QueryRefusedError } from "@kysera/executor";
import {
  can,
  rlsPlugin,
  RLSPolicyEvaluationError,
  RLSPolicyViolation,
  type RLSSchema,
  RLSSchemaError,
} from "@kysera/rls";
import { PostgresRLSGenerator, syncContextToPostgres, toPostgres } from "@kysera/rls/native";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";
import { createRole, type Role, runAll } from "./native_role.ts";
import { Draw } from "./oracle_can.ts";
import {
  CALLER,
  createTables,
  drawData,
  drawModel,
  drawStatement,
  dropTables,
  isCircular,
  load,
  type Model,
  type ModelData,
  Oracle,
  type Outcome,
  outcomeOf,
  rowsOf,
  run,
  schemaOf,
  type Statement,
} from "./oracle_relations.ts";

/** Statements about the tables of one schema. */
const STATEMENTS = 12;

interface Tally {
  statements: number;
  refused: number;
  native: number;
  told: number;
}

onEveryDialect("policies that follow relations", (dialect) => {
  const runs = fuzzRuns(60);
  it(`mean what the model says, in ${runs} random schemas`, { timeout: 600_000 }, async (t) => {
    const { seed } = fuzzSeed();
    const tally: Tally = { statements: 0, refused: 0, native: 0, told: 0 };
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      for (let i = 0; i < runs; i++) {
        const problem = await compareSchema(db, new Draw(seed + i), dialect.dialect, tally);
        assert.equal(problem, undefined, `KYSERA_FUZZ_SEED=${seed + i}: ${problem}`);
      }
    } finally {
      await close();
    }
    t.diagnostic(JSON.stringify(tally));
    assert.ok(tally.statements >= runs * STATEMENTS && tally.refused > 0 && tally.told > 0);
    assert.equal(tally.native > 0, dialect.dialect === "postgres");
  });
});

/** Compares statements in one schema with the model; what differs. */
async function compareSchema(
  db: Kysely<any>,
  draw: Draw,
  dialect: string,
  tally: Tally,
): Promise<string | undefined> {
  let model: Model;
  let declared: RLSSchema<any> | undefined;
  do {
    model = drawModel(draw);
    declared = schemaOf(model, true);
    // What functions follow is seen when they are asked.
    if (declared === undefined) assert.ok(isCircular(model), JSON.stringify(model));
  } while (declared === undefined || isCircular(model));
  await createTables(db, model);
  let role: Role | undefined;
  try {
    // The other half of the schemas leaves the relations to the foreign keys.
    const schema = draw.below(2) === 0 ? declared : schemaOf(model, false)!;
    const executor = await createExecutor(db, [rlsPlugin({ schema })]);
    const caller: Kysely<any> = bindContext(executor, CALLER);
    if (dialect === "postgres") role = await nativeRole(db, declared);
    for (let i = 0; i < STATEMENTS; i++) {
      const data = drawData(model, draw);
      const statement = drawStatement(model, data, draw, dialect !== "mysql");
      const oracle = new Oracle(model, data);
      await load(db, model, data);
      const told = toldOf(caller, model, data, oracle, tally);
      const due = outcomeOf(oracle, data, statement);
      // What PostgreSQL says of upserts is another thing: see the README, "In PostgreSQL".
      const native = role && statement.kind !== "upsert" &&
        await nativeProblem(db, role, statement, due, tally);
      const ours = await problemOf(caller, db, statement, data, due);
      tally.statements++;
      if (due.refused) tally.refused++;
      const problem = told ?? ours ?? (native || undefined);
      if (problem !== undefined) {
        return [problem, JSON.stringify({ statement, due }), JSON.stringify({ model, data })].join(
          "\n",
        );
      }
    }
    return undefined;
  } finally {
    if (role !== undefined) await dropPolicies(db, role, declared);
    await dropTables(db, model);
  }
}

/** Runs a statement under the plugin; what it comes to otherwise than the model says. */
async function problemOf(
  caller: Kysely<any>,
  db: Kysely<any>,
  statement: Statement,
  data: ModelData,
  due: Outcome,
): Promise<string | undefined> {
  try {
    const found = await run(caller, statement);
    if (due.refused) return "the plugin lets it pass";
    if (String(found) !== String(due.found)) return `the plugin finds ${found}`;
  } catch (error) {
    // A check that comes back to its own table would be shown the new row.
    const isUncheckable = error instanceof QueryRefusedError && error.reason === "UNCHECKABLE";
    if (!isUncheckable && !(error instanceof RLSPolicyViolation)) throw error;
    // What no row could pass is refused before there is one.
    if (!isUncheckable && !due.refused && due.touched > 0) {
      return `the plugin refuses: ${error.message}`;
    }
    return await stateProblem(
      db,
      statement,
      { ...due, rows: data[statement.table]! },
      "the plugin",
    );
  }
  return await stateProblem(db, statement, due, "the plugin");
}

async function stateProblem(
  db: Kysely<any>,
  { table }: Statement,
  { rows }: Outcome,
  who: string,
): Promise<string | undefined> {
  const text = (all: readonly object[]): string =>
    all.map((row) => JSON.stringify(Object.entries(row).sort())).join("\n");
  const now = text(await rowsOf(db, table));
  return now === text(rows) ? undefined : `${who} leaves ${now}`;
}

/** A role that PostgreSQL's own policies hold for; `undefined` where it cannot have them. */
async function nativeRole(db: Kysely<any>, schema: RLSSchema<any>): Promise<Role | undefined> {
  const role = await createRole(db);
  try {
    // The plugin's queries are those of the owner, whom they do not hold for.
    await runAll(db, toPostgres(schema, { schemaName: role.schema, force: false }));
    return role;
  } catch (error) {
    await role.drop();
    if (error instanceof RLSSchemaError) return undefined;
    throw error;
  }
}

async function dropPolicies(db: Kysely<any>, role: Role, schema: RLSSchema<any>): Promise<void> {
  const generator = new PostgresRLSGenerator();
  await runAll(db, generator.generateDropStatements(schema, { schemaName: role.schema }));
  await role.drop();
}

async function nativeProblem(
  db: Kysely<any>,
  role: Role,
  statement: Statement,
  due: Outcome,
  tally: Tally,
): Promise<string | undefined> {
  tally.native++;
  const trx = await db.startTransaction().execute();
  try {
    await sql`set local role ${sql.id(role.name)}`.execute(trx);
    await syncContextToPostgres(trx, CALLER);
    try {
      const found = await run(trx, statement);
      if (due.refused) return "PostgreSQL lets it pass";
      if (String(found) !== String(due.found)) return `PostgreSQL finds ${found}`;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "42501") throw error;
      return due.refused ? undefined : `PostgreSQL refuses: ${error}`;
    }
    await sql`set local role none`.execute(trx);
    return await stateProblem(trx, statement, due, "PostgreSQL");
  } finally {
    await trx.rollback().execute();
  }
}

/** Asks can() of all rows; where it tells something else than the model. */
function toldOf(
  caller: Kysely<any>,
  model: Model,
  data: ModelData,
  oracle: Oracle,
  tally: Tally,
): string | undefined {
  for (const { name } of model) {
    for (const row of data[name]!) {
      for (const command of ["read", "update", "delete"] as const) {
        const due = oracle.touches(name, command, row);
        try {
          if (can(caller, command, name, row) !== due) {
            return `can(${command}, ${name}, ${JSON.stringify(row)}) is not ${due}`;
          }
          tally.told++;
        } catch (error) {
          if (!(error instanceof RLSPolicyEvaluationError)) throw error;
        }
      }
    }
  }
  return undefined;
}
