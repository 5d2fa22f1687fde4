/**
 * The oracle through repositories: calls on a database with hidden rows, and what they should do on
 * databases that hold what each caller sees.
 */
import { DatabaseErrorCodes, parseDatabaseError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import type { Kysely } from "kysely";
import type { TestDialect } from "../../support/matrix.ts";
import type { OracleWorld } from "../run.ts";
import { Mismatch, type Outcome } from "../world.ts";
import { type Answer, Expected, GivenUp } from "./answers.ts";
import type { Action, Call, Options, Sequence } from "./calls.ts";
import { Model } from "./model.ts";
import { perform } from "./perform.ts";
import type { Handles, RepositorySubject } from "./subjects.ts";
import {
  createTables,
  type Data,
  entity,
  fill,
  type Row,
  some,
  stored,
  tableOf,
  tables,
} from "./tables.ts";

/** What came of a call. */
type Result =
  | { answer: Answer }
  | { error: string; message?: string }
  | { inside: Result[]; ended: string };

/** Gives the repository of a caller and a table. */
type Repositories = (as: number, table: string) => any;

export class RepositoryWorld implements OracleWorld<Sequence, Data> {
  readonly subject: RepositorySubject;
  onError: OracleWorld<Sequence, Data>["onError"];
  readonly #dialect: TestDialect;
  readonly #full: Kysely<any>;
  readonly #handles: Handles;
  readonly #model: Model;
  readonly #closers: readonly (() => Promise<void>)[];
  #data: Data = {};

  private constructor(
    subject: RepositorySubject,
    dialect: TestDialect,
    full: Kysely<any>,
    handles: Handles,
    model: Model,
    closers: readonly (() => Promise<void>)[],
  ) {
    this.subject = subject;
    this.#dialect = dialect;
    this.#full = full;
    this.#handles = handles;
    this.#model = model;
    this.#closers = closers;
  }

  static async open(dialect: TestDialect, subject: RepositorySubject): Promise<RepositoryWorld> {
    const closers: (() => Promise<void>)[] = [];
    // One connection each, so that what goes round a transaction does not go unnoticed.
    const open = async () => {
      const { db, close } = await dialect.open({ connections: 1 });
      closers.push(close);
      return db;
    };
    try {
      const full = await open();
      await createTables(full, dialect);
      const db = await open();
      for (const viewer of [0, 1]) await createTables(db, dialect, `_of_${viewer}`);
      const viewers = subject.tenants ? 2 : 1;
      const model = new Model({ db, viewers, softDeletes: subject.softDeletes === true });
      const handles = await subject.make(full);
      return new RepositoryWorld(subject, dialect, full, handles, model, closers);
    } catch (error) {
      for (const close of closers) await close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    const rows: Record<string, Row[]> = {};
    for (const table of tables) {
      rows[table.name] = data[table.name]!.map((row) => stored(table, row));
      await fill(this.#full, table.name, rows[table.name]!);
    }
    await this.#model.load(rows);
  }

  async check({ calls }: Sequence): Promise<Outcome> {
    const { callers, repository } = this.#handles;
    const made = new Map<string, any>();
    const repositories: Repositories = (as, name) => {
      const caller = callers.length === 1 ? 0 : as;
      let own = made.get(name);
      if (own === undefined) made.set(name, own = repository(tableOf(name)));
      return own.on(callers[caller]!);
    };
    let refused = true;
    try {
      for (const call of calls) {
        const got = await this.#ours(call, repositories);
        const expected = await this.#theirs(call, got);
        this.#compare(call, expected, got);
        refused &&= "error" in got;
      }
      await this.#compareState();
      return refused ? "failed on both sides" : "equal";
    } finally {
      await this.load(this.#data);
    }
  }

  /** Through repositories. */
  async #ours(call: Call, repositories: Repositories): Promise<Result> {
    if ("action" in call) {
      try {
        const repository = repositories(call.as, call.table);
        const action = this.#named(call.action);
        return { answer: await perform(repository, tableOf(call.table), action) };
      } catch (error) {
        return { error: this.#nameOf(error), message: String(error) };
      }
    }
    const inside: Result[] = [];
    const repository = repositories(call.as, call.table);
    const body = async (within: Repositories) => {
      for (const each of call.calls) {
        const result = await this.#ours(each, within);
        inside.push(result);
        if ("error" in result) throw new Expected(result.error);
      }
      if (call.fails) throw new GivenUp(undefined);
    };
    try {
      if (call.via === "dal") {
        await withTransaction(
          repository.executor as Kysely<any>,
          (tx) => body((as, name) => repositories(as, name).withTransaction(tx)),
        );
      } else {
        await repository.transaction((trx: any, own: any) =>
          body((as, name) =>
            as === call.as && name === call.table
              ? own
              : repositories(as, name).withTransaction(trx)
          )
        );
      }
      return { inside, ended: "committed" };
    } catch (error) {
      return { inside, ended: this.#nameOf(error) };
    }
  }

  /** An action with the names of columns as the subject has them. */
  #named(action: Action): Action {
    return this.subject.camelCase === undefined
      ? action
      // An action is plain data by construction.
      : JSON.parse(JSON.stringify(action).replaceAll('"deleted_at"', '"deletedAt"'));
  }

  /** By the model, which takes over the ids that the database has made for ours. */
  async #theirs(call: Call, got: Result): Promise<Result> {
    if ("action" in call) {
      try {
        return { answer: told(call, await this.#model.run(call, idsOf(got))) };
      } catch (error) {
        return { error: this.#nameOf(error) };
      }
    }
    const inside: Result[] = [];
    const ours = "inside" in got ? got.inside : [];
    try {
      await this.#model.atomically(async () => {
        for (const [i, each] of call.calls.entries()) {
          const result = await this.#theirs(each, ours[i] ?? { error: "none" });
          inside.push(result);
          if ("error" in result) throw new Expected(result.error);
        }
        if (call.fails) throw new GivenUp(undefined);
      });
      return { inside, ended: "committed" };
    } catch (error) {
      return { inside, ended: this.#nameOf(error) };
    }
  }

  #nameOf(error: unknown): string {
    if (error instanceof Expected || error instanceof GivenUp) return error.name;
    const parsed = parseDatabaseError(error, this.#dialect.dialect);
    if (parsed.code !== DatabaseErrorCodes.DB_UNKNOWN) return parsed.name;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }

  #compare(call: Call, expected: Result, got: Result): void {
    const wanted = JSON.stringify(this.#told(call, expected), null, 2);
    const given = JSON.stringify(this.#told(call, got), null, 2);
    if (wanted === given) return;
    const what = "action" in call ? call.action.call : "transaction";
    const how = "error" in got ? `fails: ${got.message}` : "differs";
    throw new Mismatch(
      "error" in got ? `${what} fails: ${got.error}` : `${what} differs`,
      `${what} ${how}: ${
        JSON.stringify(call)
      }\n  wanted:\n${wanted}\n  ${this.subject.name}:\n${given}`,
    );
  }

  #told(call: Call, result: Result): unknown {
    if ("error" in result) return { error: this.#toldError(call, result.error) };
    if ("inside" in result) {
      const { calls } = call as Call & { calls: Call[] };
      const inside = result.inside.map((each, i) => this.#told(calls[i]!, each));
      const last = calls[result.inside.length - 1];
      return { inside, ended: last ? this.#toldError(last, result.ended) : result.ended };
    }
    const { answer } = result;
    if ("value" in answer) return answer;
    const rows = (from: { rows: Row[]; ordered: boolean }) => {
      const out = from.rows.map(canonical);
      return from.ordered ? out : out.sort();
    };
    if ("rows" in answer) return rows(answer);
    return answer.pages.map((page) => ({ rows: rows(page), about: page.about }));
  }

  /** Which of two unique keys an upsert has met first is the database's business. */
  #toldError(call: Call, name: string): string {
    const isUpsert = "action" in call && call.action.call.startsWith("upsert");
    const isOpen = this.#dialect.dialect === "mysql" || tableOf(call.table).hasCode;
    const isConflict = name === "UpsertConflictError" || name === "UniqueConstraintError";
    return isUpsert && isOpen && isConflict ? "conflict" : name;
  }

  async #compareState(): Promise<void> {
    for (const table of tables) {
      const all = async (rows: Promise<Row[]>) => (await rows).map(canonical).sort().join("\n    ");
      const wanted = await all(this.#model.all(table));
      const given = await all(this.#full.selectFrom(table.name).selectAll().execute() as any);
      if (wanted === given) continue;
      throw new Mismatch(
        `state of ${table.name}`,
        `The rows of ${table.name} differ afterwards\n  wanted (hidden rows untouched):\n    ` +
          `${wanted}\n  ${this.subject.name}:\n    ${given}`,
      );
    }
  }

  describe({ calls }: Sequence): string {
    const shown = (call: Call, indent: string): string[] => {
      const who = `${indent}${call.table}${
        this.subject.tenants ? ` of tenant ${call.as + 1}` : ""
      }`;
      if ("action" in call) {
        const { call: name, ...args } = call.action;
        return [`${who}: ${name}(${JSON.stringify(args)})`];
      }
      return [
        `${who}: transaction of the ${call.via}${call.fails ? ", which fails" : ""}`,
        ...call.calls.flatMap((each) => shown(each, `${indent}  `)),
      ];
    };
    return [
      `-- ${this.#dialect.name}, ${this.subject.name}`,
      ...tables.flatMap((table) =>
        (this.#data[table.name] ?? []).map((row) => `-- ${table.name}: ${JSON.stringify(row)}`)
      ),
      ...calls.flatMap((call) => shown(call, "")),
      `-- the calls: ${JSON.stringify(calls)}`,
    ].join("\n");
  }
}

/** The ids of the rows that a call gave: the database has made those of new ones. */
function idsOf(got: Result): unknown[] {
  return "answer" in got && "rows" in got.answer ? got.answer.rows.map((row) => row["id"]) : [];
}

/** The rows of the model as a repository gives them. */
function told({ table: name, action }: Call & { action: Action }, answer: Answer): Answer {
  const table = tableOf(name);
  const select = "options" in action ? (action.options as Options).select : undefined;
  const tell = (row: Row): Row => {
    // A query of one's own gives what the database has.
    if (action.call === "keyIn" || row["none"] === true) return row;
    return select === undefined ? entity(table, row) : some(table, row, select);
  };
  if ("rows" in answer) return { ...answer, rows: answer.rows.map(tell) };
  if (!("pages" in answer)) return answer;
  return { pages: answer.pages.map((page) => ({ ...page, rows: page.rows.map(tell) })) };
}

/** A row as text. */
function canonical(row: Row): string {
  const values = Object.entries(row).map(([column, value]) =>
    `${column.replace("deletedAt", "deleted_at")}: ${value === null ? "null" : String(value)}${
      typeof value === "bigint" ? "n" : ""
    }`
  );
  return values.sort().join(", ");
}
