import { BadRequestError } from "@kysera/core";
import {
  bindContext,
  createExecutor,
  ExecutorError,
  getPlugins,
  type KyseraExecutor,
  type Plugin,
} from "@kysera/executor";
import { Kysely, type RawBuilder } from "kysely";
import { withQueryExecutor } from "@kysera/core";
import { mark } from "../../../../executor/instance/_graft.ts";
import { QueryRecorder, type RecordedQuery, type Stage } from "../record/query_recorder.ts";
import { recordingDialect, type SentStatement } from "../record/recording_dialect.ts";
import { RecordingExecutor } from "../record/recording_executor.ts";
import { watchPlugins } from "../record/watch_plugins.ts";
import type { Engine, LoadProgram, OpenDatabase, Program } from "./program.ts";
import { canonicalText, type Cell, cellOf, errorOf, resultOf, type ShownResult } from "./shown.ts";
import { type Facts, type Verdict, verdictOf } from "./verdict.ts";
import {
  allRows,
  hiddenRows,
  keepVisible,
  readTables,
  type TableRows,
  tablesOf,
} from "./visible_rows.ts";

/** How a program is to be run. */
export interface RunOptions {
  /** The name of the principal; the first one if there is none of this name. */
  readonly principal: string | undefined;
  /** The names of plugins that are left out. */
  readonly without: readonly string[];
}

/** A statement that was sent, as it is shown. */
export interface ShownStatement extends Omit<SentStatement, "parameters" | "queryId"> {
  readonly parameters: readonly Cell[];
  /** The number of the program's query that it is; `undefined` for what plugins send beside. */
  readonly query: number | undefined;
}

/** A query of the program, as it is shown. */
export interface ShownQuery extends RecordedQuery {
  /** The plugins that have added to what was sent, beyond what the executor had compiled. */
  readonly extendedBy: readonly string[];
}

/** What came of a program. */
export interface RunOutcome {
  readonly engine: Pick<Engine, "name" | "version">;
  readonly principals: readonly string[];
  readonly principal: string;
  /** The context of the principal, as JSON on one line. */
  readonly context: string | undefined;
  /** The plugins in the order they run in, and those that were left out. */
  readonly plugins: readonly {
    readonly name: string;
    readonly isOn: boolean;
  }[];
  /** What it returned with the plugins. */
  readonly guarded: ShownResult;
  /** What it returned without them. */
  readonly alone: ShownResult;
  readonly queries: readonly ShownQuery[];
  /** How many more queries there were. */
  readonly queriesLeft: number;
  readonly statements: readonly ShownStatement[];
  readonly facts: Facts;
  readonly verdict: Verdict;
  /** How long it took, in ms. */
  readonly duration: number;
}

/** What a run of the query gave. */
type Ending =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/**
 * Runs a program three times on an empty database: through an executor with its plugins, without
 * plugins, and without plugins on the rows that the principal sees. What the first and the last run
 * return is compared, as the bypass corpus does.
 *
 * @param engine the database
 * @param load evaluates the program
 * @param options who runs it, and with which plugins
 * @returns what was run and returned
 * @throws what the files throw, except the query
 */
export async function runProgram(
  engine: Engine,
  load: LoadProgram,
  options: RunOptions,
): Promise<RunOutcome> {
  const start = performance.now();
  const guarded = await runGuarded(engine, load, options);
  const alone = await inDatabase(
    engine,
    load,
    (db, program) => endingOf(program, db),
  );
  const visible = guarded.keys === undefined
    ? undefined
    : await runOnVisible(engine, load, options);
  const { refused, failed } = kindOf(guarded.ending);
  const facts: Facts = {
    refused,
    failed,
    hidden: guarded.hidden,
    hiddenChanged: guarded.hiddenChanged,
    writes: guarded.writes,
    sameAsVisible: visible === undefined ? undefined : isSame(guarded.ending, visible),
    sameAsAlone: isSame(guarded.ending, alone),
  };
  return {
    ...guarded.shown,
    engine: { name: engine.name, version: engine.version },
    guarded: shownEnding(guarded.ending),
    alone: shownEnding(alone),
    facts,
    verdict: verdictOf(facts),
    duration: performance.now() - start,
  };
}

interface GuardedRun {
  readonly ending: Ending;
  /** The tables whose rows were compared; `undefined` where they cannot be. */
  readonly keys: readonly TableRows[] | undefined;
  readonly hidden: number;
  readonly hiddenChanged: number;
  readonly writes: boolean;
  readonly shown: Pick<
    RunOutcome,
    | "principals"
    | "principal"
    | "context"
    | "plugins"
    | "queries"
    | "queriesLeft"
    | "statements"
  >;
}

async function runGuarded(
  engine: Engine,
  load: LoadProgram,
  options: RunOptions,
): Promise<GuardedRun> {
  const sent: SentStatement[] = [];
  let isRecording = false;
  const listener = (statement: SentStatement) => {
    if (isRecording) sent.push(statement);
  };
  return await inDatabase(engine, load, async (db, program) => {
    const tables = await tablesOf(db);
    const { name: principal, context } = principalOf(program, options);
    const plugins = pluginsOf(program, options);
    const executor = await createExecutor(db, plugins);
    const ordered = getPlugins(executor);
    const stages = await stagesOf(db, ordered, executor);
    const extended = new Map<string, Set<string>>();
    watchPlugins(executor, ordered.map(({ name }) => name), (plugin, queryId) => {
      extended.set(plugin, (extended.get(plugin) ?? new Set()).add(queryId));
    });
    const instance = bound(executor, context);
    const before = await readOrNot(db, instance, tables);
    const recorder = new QueryRecorder(db, stages);
    const recording = new RecordingExecutor(instance.getExecutor(), recorder);
    const given = mark(
      withQueryExecutor<Kysely<any>>(db, recording),
      ordered,
      db,
    );
    isRecording = true;
    const ending = await endingOf(program, given);
    isRecording = false;
    const after = before === undefined ? undefined : await readOrNot(db, instance, tables);
    const { left } = recorder;
    const queries = recorder.queries.map((query) => ({
      ...query,
      extendedBy: [...extended].filter(([, ids]) => ids.has(query.queryId ?? ""))
        .map(([plugin]) => plugin),
    }));
    const changes = compared(before, after);
    return {
      ending,
      keys: before,
      ...changes,
      writes: changes.writes || queries.some(({ writes }) => writes),
      shown: {
        principals: Object.keys(program.principals),
        principal,
        context: context === undefined ? undefined : JSON.stringify(context),
        plugins: [
          ...ordered.map(({ name }) => ({ name, isOn: true })),
          ...program.plugins.filter(({ name }) => options.without.includes(name))
            .map(({ name }) => ({ name, isOn: false })),
        ],
        queries,
        queriesLeft: left,
        statements: sent.map((statement) => shownStatement(statement, queries)),
      },
    };
  }, listener);
}

/** Runs the query without plugins, on a database that holds what the principal sees. */
async function runOnVisible(
  engine: Engine,
  load: LoadProgram,
  options: RunOptions,
): Promise<Ending | undefined> {
  return await inDatabase(engine, load, async (db, program) => {
    const tables = await tablesOf(db);
    const { context } = principalOf(program, options);
    const executor = await createExecutor(db, pluginsOf(program, options));
    const rows = await readOrNot(db, bound(executor, context), tables);
    if (rows === undefined) return undefined;
    try {
      await keepVisible(db, rows, engine.name);
    } catch {
      // What is seen in the place of a masked column may be nothing that the column can hold.
      return undefined;
    }
    return await endingOf(program, db);
  });
}

/** Opens a database, has the program create its tables there, and closes it in the end. */
async function inDatabase<T>(
  engine: Engine,
  load: LoadProgram,
  use: (db: Kysely<any>, program: Program) => Promise<T>,
  listener: (statement: SentStatement) => void = () => {},
): Promise<T> {
  const program = await load();
  const database: OpenDatabase = await engine.open();
  try {
    const db = new Kysely<any>({
      dialect: recordingDialect(database.dialect, listener),
    });
    await program.setup(db);
    return await use(db, program);
  } finally {
    await database.close();
  }
}

function principalOf(
  { principals }: Program,
  { principal }: RunOptions,
): { readonly name: string; readonly context: object | undefined } {
  const names = Object.keys(principals);
  const name = principal !== undefined && names.includes(principal) ? principal : names[0];
  if (name === undefined) {
    throw new TypeError("plugins.ts must name at least one principal");
  }
  return { name, context: principals[name] };
}

function pluginsOf(
  { plugins }: Program,
  { without }: RunOptions,
): readonly Plugin[] {
  return plugins.filter(({ name }) => !without.includes(name));
}

function bound(
  executor: Kysely<any>,
  context: object | undefined,
): Kysely<any> {
  return context === undefined ? executor : bindContext(executor, context);
}

async function stagesOf(
  db: Kysely<any>,
  plugins: readonly Plugin[],
  whole: KyseraExecutor<any>,
): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  for (const [i, { name: plugin }] of plugins.entries()) {
    const executor = i === plugins.length - 1
      ? whole
      : await createExecutor(db, plugins.slice(0, i + 1));
    stages.push({ plugin, executor });
  }
  return stages;
}

/** Rows are compared by their keys: without keys there is nothing to compare. */
async function readOrNot(
  db: Kysely<any>,
  instance: Kysely<any>,
  tables: readonly string[],
): Promise<readonly TableRows[] | undefined> {
  try {
    return await readTables(db, instance, tables);
  } catch {
    return undefined;
  }
}

function compared(
  before: readonly TableRows[] | undefined,
  after: readonly TableRows[] | undefined,
): Pick<GuardedRun, "hidden" | "hiddenChanged" | "writes"> {
  if (before === undefined) {
    return { hidden: 0, hiddenChanged: 0, writes: false };
  }
  const hidden = hiddenRows(before);
  // Where a table is gone, so are its rows.
  const rows = allRows(after ?? []);
  return {
    hidden: hidden.size,
    hiddenChanged: [...hidden].filter(([key, row]) => rows.get(key) !== row).length,
    writes: canonicalText([...allRows(before)]) !== canonicalText([...rows]),
  };
}

/** Runs what `query.ts` exports, and what it returns. */
async function endingOf({ query }: Program, db: Kysely<any>): Promise<Ending> {
  try {
    return { ok: true, value: await executed(await query(db), db) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Executes a builder, each of a list of builders, and reads a stream to its end. */
async function executed(value: unknown, db: Kysely<any>): Promise<unknown> {
  if (typeof value !== "object" || value === null) return value;
  if ("isRawBuilder" in value) {
    return (await (value as RawBuilder<unknown>).execute(db)).rows;
  }
  if ("execute" in value && typeof value.execute === "function") {
    return await value.execute();
  }
  if (Symbol.asyncIterator in value) {
    const rows: unknown[] = [];
    for await (const row of value as AsyncIterable<unknown>) rows.push(row);
    return rows;
  }
  if (!Array.isArray(value) || !value.some(isBuilder)) return value;
  const results: unknown[] = [];
  for (const each of value) results.push(await executed(each, db));
  return results;
}

function isBuilder(value: unknown): boolean {
  return typeof value === "object" && value !== null && "execute" in value;
}

function kindOf(
  ending: Ending,
): { readonly refused: boolean; readonly failed: boolean } {
  if (ending.ok) return { refused: false, failed: false };
  const { error } = ending;
  const refused = error instanceof ExecutorError ||
    error instanceof BadRequestError;
  return { refused, failed: !refused };
}

function isSame(a: Ending, b: Ending): boolean | undefined {
  if (!a.ok || !b.ok) return undefined;
  return canonicalText(a.value) === canonicalText(b.value);
}

function shownEnding(ending: Ending): ShownResult {
  return ending.ok ? resultOf(ending.value) : { kind: "error", error: errorOf(ending.error) };
}

function shownStatement(
  { sql, parameters, queryId, duration, rows, error }: SentStatement,
  queries: readonly RecordedQuery[],
): ShownStatement {
  const at = queryId === undefined
    ? -1
    : queries.findIndex((query) => query.queryId === queryId.queryId);
  return {
    sql,
    parameters: parameters.map(cellOf),
    duration,
    rows,
    error,
    query: at < 0 ? undefined : at + 1,
  };
}
