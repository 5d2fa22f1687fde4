/**
 * The oracle through the DAL: a script runs through query functions and `withTransaction` on an
 * executor, and statement by statement on bare Kysely with the visible rows.
 */
import {
  chain,
  compose,
  conditional,
  createContext,
  createQuery,
  createTransactionalQuery,
  type DbContext,
  mapResult,
  parallel,
  prepareQuery,
  TransactionRequiredError,
  withContext,
  withTransaction,
} from "@kysera/dal";
import { QueryRefusedError } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Statement } from "./ast.ts";
import { canonicalRows } from "./canonical.ts";
import { type Script, type Step, writes } from "./dal_script.ts";
import { compile, inserts, schemaOf, withoutInsertId } from "./execute.ts";
import { renderStatement } from "./render.ts";
import type { RenderTarget } from "./render_expr.ts";
import type { OracleWorld } from "./run.ts";
import {
  createTables,
  type Data,
  filteredNames,
  hiddenIds,
  isHidden,
  load,
  type Row,
  tables,
} from "./schema.ts";
import { Mismatch, type Outcome, type Subject } from "./world.ts";

/** What a part of a script gives. */
type Result = unknown;
type QueryFunction = (context: any) => Promise<Result>;

/** A transaction that a script lets fail. */
class Given extends Error {
  readonly results: Result;

  constructor(results: Result) {
    super("given up");
    this.results = results;
  }
}

/** What is told of an error: databases put theirs in different words. */
function told(error: unknown): Result {
  if (error instanceof Given) return { givenUp: error.results };
  return { failed: error instanceof TransactionRequiredError ? error.name : "in the database" };
}

/** A side on which a script runs. */
abstract class Side {
  readonly target: RenderTarget;
  /** Without plugins. */
  readonly base: Kysely<any>;

  constructor(target: RenderTarget, base: Kysely<any>) {
    this.target = target;
    this.base = base;
  }

  abstract run(script: Script): Promise<Result>;

  async outcome(script: Script): Promise<Result> {
    try {
      return await this.run(script);
    } catch (error) {
      return told(error);
    }
  }

  async state(): Promise<Record<string, Row[]>> {
    const out: Record<string, Row[]> = {};
    for (const { name } of tables) {
      out[name] = await this.base.selectFrom(name).selectAll().execute() as Row[];
    }
    return out;
  }

  protected build(db: Kysely<any>, statement: Statement): any {
    return renderStatement({ ...this.target, db }, undefined, statement);
  }
}

/** Statement by statement, with transactions and savepoints by hand, on one connection. */
class ByHand extends Side {
  async run({ steps }: Script): Promise<Result> {
    const results: Result[] = [];
    for (const step of steps) results.push(await this.#step(step, 0));
    return results;
  }

  async #step(step: Step, depth: number): Promise<Result> {
    switch (step.d) {
      case "query": {
        if (step.how === "transactional" && depth === 0) throw new TransactionRequiredError("it");
        const rows = await this.build(this.target.db, step.statement).execute();
        return canonicalRows(rows.map(withoutInsertId), isOrdered(step.statement));
      }
      case "sequence":
        return await this.#each(step.parts, depth);
      case "parallel":
        return depth > 0 ? await this.#each(step.parts, depth) : await this.#all(step.parts, depth);
      case "conditional":
        return step.holds ? await this.#step(step.part, depth) : "otherwise";
      case "mapped":
        return { mapped: await this.#step(step.part, depth) };
      case "together":
        return await this.#all(step.parts, depth);
      case "transaction":
        try {
          return await this.#transaction(step, depth);
        } catch (error) {
          if (step.caught) return told(error);
          throw error;
        }
    }
  }

  async #each(parts: readonly Step[], depth: number): Promise<Result[]> {
    const results: Result[] = [];
    for (const part of parts) results.push(await this.#step(part, depth));
    return results;
  }

  /** All of them, even where one fails; then the first failure. */
  async #all(parts: readonly Step[], depth: number): Promise<Result[]> {
    const results: Result[] = [];
    const errors: unknown[] = [];
    for (const part of parts) {
      try {
        results.push(await this.#step(part, depth));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return results;
  }

  async #transaction(step: Step & { d: "transaction" }, depth: number): Promise<Result> {
    const savepoint = sql.id(`by_hand_${depth}`);
    const say = (first: ReturnType<typeof sql>, nested: ReturnType<typeof sql>) =>
      (depth === 0 ? first : nested).execute(this.base);
    await say(sql`begin`, sql`savepoint ${savepoint}`);
    let results: Result[];
    try {
      results = await this.#each(step.parts, depth + 1);
      if (step.fails) throw new Given(results);
    } catch (error) {
      await say(sql`rollback`, sql`rollback to savepoint ${savepoint}`);
      throw error;
    }
    await say(sql`commit`, sql`release savepoint ${savepoint}`);
    return results;
  }
}

/** Through the DAL. */
class ThroughDal extends Side {
  /** Whether a query was refused by name. */
  refused = false;

  async run({ root, steps }: Script): Promise<Result> {
    const { db } = this.target;
    const run = async (context: Kysely<any> | DbContext): Promise<Result> => {
      const results: Result[] = [];
      for (const step of steps) results.push(await this.#query(step)(context));
      return results;
    };
    switch (root) {
      case "executor":
        return await run(db);
      case "createContext":
        return await run(createContext(db, { caller: "the oracle" }));
      case "withContext":
        return await withContext(db, run);
    }
  }

  #query(step: Step): QueryFunction {
    switch (step.d) {
      case "query":
        return this.#watched(step);
      case "sequence":
        return step.by === "compose" ? this.#composed(step.parts) : this.#chained(step.parts);
      case "parallel": {
        const named = step.parts.map((part, i) => [`q${i}`, this.#query(part)] as const);
        const query: QueryFunction = parallel(Object.fromEntries(named)) as QueryFunction;
        return async (context) => Object.values(await query(context) as object);
      }
      case "conditional":
        return conditional(() => step.holds, this.#query(step.part), "otherwise");
      case "mapped":
        return mapResult(this.#query(step.part), (result) => ({ mapped: result }));
      case "transaction":
        return this.#transaction(step);
      case "together": {
        const queries = step.parts.map((part) => this.#query(part));
        return async (context) => {
          const settled = await Promise.allSettled(queries.map((query) => query(context)));
          for (const one of settled) if (one.status === "rejected") throw one.reason;
          return settled.map((one) => one.status === "fulfilled" && one.value);
        };
      }
    }
  }

  #composed(parts: readonly Step[]): QueryFunction {
    return parts.map((part) => this.#query(part)).reduceRight<QueryFunction>(
      (rest, query) =>
        compose(
          query,
          async (context, first) => [first, ...await rest(context) as Result[]],
        ) as QueryFunction,
      () => Promise.resolve([]),
    );
  }

  #chained(parts: readonly Step[]): QueryFunction {
    const [first, second, third] = parts.map((part) => this.#query(part));
    if (first === undefined) return () => Promise.resolve([]);
    const then = (query: QueryFunction) => async (context: DbContext, before: Result[]) => [
      ...before,
      await query(context),
    ];
    const start = createQuery(async (context) => [await first(context)]);
    if (second === undefined) return start;
    return third === undefined
      ? chain(start, then(second)) as QueryFunction
      : chain(start, then(second), then(third)) as QueryFunction;
  }

  #transaction({ parts, fails, caught }: Step & { d: "transaction" }): QueryFunction {
    const queries = parts.map((part) => this.#query(part));
    return async (context: DbContext) => {
      try {
        return await withTransaction(context, async (tx) => {
          const results: Result[] = [];
          for (const query of queries) results.push(await query(tx));
          if (fails) throw new Given(results);
          return results;
        });
      } catch (error) {
        if (caught) return told(error);
        throw error;
      }
    };
  }

  #watched(step: Step & { d: "query" }): QueryFunction {
    const query = this.#one(step);
    return async (context) => {
      try {
        return await query(context);
      } catch (error) {
        this.refused ||= error instanceof QueryRefusedError;
        throw error;
      }
    };
  }

  #one({ how, statement }: Step & { d: "query" }): QueryFunction {
    const canonical = (rows: unknown[]) =>
      canonicalRows(rows.map(withoutInsertId), isOrdered(statement));
    const run = async ({ db }: DbContext) => canonical(await this.build(db, statement).execute());
    switch (how) {
      case "createQuery":
        return createQuery(run);
      case "named":
        return createQuery("named", run);
      case "transactional":
        return createTransactionalQuery(run);
      case "prepared": {
        const prepared = prepareQuery(this.target.db, (db) => this.build(db, statement));
        return createQuery(async (context) => canonical(await prepared.on(context).execute({})));
      }
    }
  }
}

function isOrdered(statement: Statement): boolean {
  return statement.k === "select" && statement.total;
}

/** Both sides of a script. */
export class DalWorld implements OracleWorld<Script> {
  readonly subject: Subject;
  onError: OracleWorld<Script>["onError"];
  readonly #dialect: TestDialect;
  readonly #closers: (() => Promise<void>)[] = [];
  // Set by open().
  #visible!: ByHand;
  #full!: ThroughDal;
  #data: Data = {};
  #hidden: Record<string, Row[]> = {};

  private constructor(dialect: TestDialect, subject: Subject) {
    this.#dialect = dialect;
    this.subject = subject;
  }

  static async open(dialect: TestDialect, subject: Subject): Promise<DalWorld> {
    const world = new DalWorld(dialect, subject);
    try {
      const visible = await world.#open();
      const full = await world.#open();
      world.#visible = new ByHand(await world.#target(visible, visible, true), visible);
      const handle = await subject.make(full);
      world.#full = new ThroughDal(await world.#target(handle, full, false), full);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** A database of one connection, so that what is meant for a transaction cannot go round it. */
  async #open(): Promise<Kysely<any>> {
    const { db, close } = await this.#dialect.open({ connections: 1 });
    this.#closers.push(close);
    await createTables(db, this.#dialect.dialect);
    return db;
  }

  async #target(db: Kysely<any>, base: Kysely<any>, visibleOnly: boolean): Promise<RenderTarget> {
    return {
      db,
      dialect: this.#dialect.dialect,
      schema: await schemaOf(base, this.#dialect),
      name: (name) => name,
      hidden: (table) =>
        filteredNames.includes(table) ? hiddenIds(this.#data, table) : new Set<number>(),
      visibleOnly,
    };
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    await load(this.#full.base, data, false);
    await load(this.#visible.base, data, true);
    for (const [name, rows] of Object.entries(await this.#full.state())) {
      this.#hidden[name] = rows.filter((row) => isHidden(name, row));
    }
  }

  async check(script: Script): Promise<Outcome> {
    this.#full.refused = false;
    const expected = JSON.stringify(await this.#visible.outcome(script), null, 2);
    const got = JSON.stringify(await this.#full.outcome(script), null, 2);
    const wrote = script.steps.some(writes);
    try {
      if (this.#full.refused) return "refused";
      if (expected !== got) {
        throw new Mismatch(
          "results",
          `The results differ\n  by hand, on visible rows only:\n${expected}\n  ` +
            `${this.subject.name}, through the DAL:\n${got}`,
        );
      }
      if (wrote) await this.#compareState();
      return expected.includes('"in the database"') ? "failed on both sides" : "equal";
    } finally {
      if (wrote) await this.load(this.#data);
    }
  }

  async #compareState(): Promise<void> {
    const expected = await this.#visible.state();
    const got = await this.#full.state();
    for (const { name } of tables) {
      const wanted = canonicalRows([...expected[name]!, ...this.#hidden[name]!]).join("\n    ");
      const there = canonicalRows(got[name]!).join("\n    ");
      if (wanted === there) continue;
      throw new Mismatch(
        "state",
        `The rows of ${name} differ afterwards\n  wanted (hidden rows untouched):\n    ${wanted}\n` +
          `  ${this.subject.name}, through the DAL:\n    ${there}`,
      );
    }
  }

  describe(script: Script): string {
    const shown = (step: Step, indent: string): string[] => {
      const { d, ...rest } = step;
      if (step.d === "query") {
        const query = { handle: "plain", statement: step.statement } as const;
        let text: string;
        try {
          const { sql, parameters } = compile(this.#full.target, query, false);
          text = `${sql} -- ${JSON.stringify(parameters)}`;
        } catch (error) {
          text = `cannot compile: ${error}`;
        }
        return [`${indent}${step.how}: ${text}`];
      }
      const parts = "part" in step ? [step.part] : step.parts;
      const { part: _, parts: __, ...options } = rest as Record<string, unknown>;
      return [
        `${indent}${d} ${JSON.stringify(options)}`,
        ...parts.flatMap((each) => shown(each, `${indent}  `)),
      ];
    };
    return [
      `-- ${this.#dialect.name}, filtered tables: ${filteredNames.join(", ")}`,
      ...inserts(this.#data, (table, row) => isHidden(table, row)),
      `-- begun on: ${script.root}`,
      ...script.steps.flatMap((step) => shown(step, "")),
      `-- the script: ${JSON.stringify(script)}`,
    ].join("\n");
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}
