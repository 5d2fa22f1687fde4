/**
 * The oracle through prepared queries: each statement is prepared once, with its literals as
 * parameters, and run twice, with other values and for another caller, to whom other rows are hidden.
 */
import { prepareQuery } from "@kysera/dal";
import { bindContext, compilePlan, createExecutor, type Plugin, Slot } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Query, Statement } from "./ast.ts";
import { handleOf, withoutInsertId } from "./execute.ts";
import { withOtherValues } from "./other_values.ts";
import { renderStatement } from "./render.ts";
import type { RenderTarget } from "./render_expr.ts";
import type { OracleWorld } from "./run.ts";
import { type Data, filteredNames, type Row, stamps } from "./schema.ts";
import { compiling, subject, withParameters } from "./subjects.ts";
import { type Execute, type Outcome, type Subject, World } from "./world.ts";

/** Who asks: what their executor is bound to, and what is hidden from them. */
interface Caller {
  readonly name: string;
  readonly sees: string;
  readonly hides: (row: Row) => boolean;
}

const callers: readonly [Caller, Caller] = [
  { name: "who sees no deleted row", sees: "1999-01-01 00:00:00", hides: (r) => !!r.deleted_at },
  {
    name: "who sees some deleted rows",
    sees: stamps[1]!,
    // Drivers give a date for what was written as a text.
    hides: ({ deleted_at }) => deleted_at !== null && !isStamp(deleted_at, stamps[1]!),
  },
];

function isStamp(value: unknown, stamp: string): boolean {
  const text = value instanceof Date ? value.toISOString() : String(value);
  return text.slice(0, 19).replace("T", " ") === stamp;
}

/** Hides rows by a value that is read from the caller's context when the query runs. */
export const late: Plugin = {
  name: "late",
  version: "1.0.0",
  stable: true,
  appliesTo: (table) => filteredNames.includes(table.name),
  filter: (ref, { eb, value }) =>
    eb.or([
      eb(ref.column("deleted_at"), "is", null),
      eb(ref.column("deleted_at"), "=", value((context) => context!["sees"])),
    ]),
};

/** One executor, two callers; the first plugin is what hides rows. */
export function twoCallers(
  name: string,
  ...plugins: readonly [Plugin, ...Plugin[]]
): readonly [Subject, Subject] {
  let executor: Kysely<any> | undefined;
  const [first, second] = callers;
  return [
    subject(`${name}, ${first.name}`, async (db) => {
      executor = await createExecutor(db, plugins);
      return bindContext(executor, { sees: first.sees });
    }, { hides: first.hides, ...withParameters }),
    subject(
      `${name}, ${second.name}`,
      () => bindContext(executor!, { sees: second.sees }),
      { hides: second.hides, ...withParameters },
    ),
  ];
}

/** Two callers of one executor, whose rows are hidden by what is read when a query runs. */
export const pairs: readonly (readonly [Subject, Subject])[] = [
  twoCallers("a filter that reads the context late", late),
  twoCallers(
    "a filter that reads the context late, beside hooks that compile queries",
    late,
    compiling(true, filteredNames),
  ),
];

/** Prepares each statement and runs it twice: for two callers where there are two. */
export class PreparedWorld implements OracleWorld {
  readonly subject: { readonly name: string };
  readonly #first: World;
  readonly #second: World;

  private constructor(first: World, second: World) {
    this.subject = first.subject;
    this.#first = first;
    this.#second = second;
  }

  static async open(
    dialect: TestDialect,
    one: Subject,
    other?: Subject,
  ): Promise<PreparedWorld> {
    const first = await World.open(dialect, one);
    if (other === undefined) return new PreparedWorld(first, first);
    try {
      return new PreparedWorld(first, await World.open(dialect, other, first));
    } catch (error) {
      await first.close();
      throw error;
    }
  }

  set onError(told: World["onError"]) {
    this.#first.onError = told;
  }

  async load(data: Data): Promise<void> {
    await this.#first.load(data);
    if (this.#second !== this.#first) await this.#second.load(data);
  }

  async check(query: Query): Promise<Outcome> {
    const prepared = new PreparedStatement(query);
    const execute: Execute = (target, { handle, statement }, camelCase) =>
      prepared.run(handleOf(target, handle, camelCase), target, statement);
    const outcome = await this.#first.check(query, execute);
    const { statement } = query;
    // What a MERGE may add depends on what is hidden, in the statement itself.
    const second = JSON.stringify(statement).includes('"k":"merge"') ? this.#first : this.#second;
    const other = await second.check(
      { ...query, statement: withOtherValues(statement) },
      execute,
    );
    return outcome === "equal" ? other : outcome;
  }

  describe(query: Query): string {
    return [
      this.#first.describe(query),
      "-- and then, of the same plan:",
      this.#second.describe({ ...query, statement: withOtherValues(query.statement) }),
    ].join("\n");
  }

  async close(): Promise<void> {
    if (this.#second !== this.#first) await this.#second.close();
    await this.#first.close();
  }
}

type Run = (handle: Kysely<any>, values: readonly unknown[]) => Promise<unknown[]>;

/** A statement, prepared when it is first run. */
class PreparedStatement {
  readonly #query: Query;
  #run: Run | undefined;

  constructor(query: Query) {
    this.#query = query;
  }

  /** Runs it with the values of a statement of the same shape. */
  async run(handle: Kysely<any>, target: RenderTarget, statement: Statement): Promise<unknown[]> {
    const values: unknown[] = [];
    const bind = (value: unknown) => (values.push(value), value);
    renderStatement({ ...target, db: handle, bind }, undefined, statement);
    this.#run ??= this.#query.handle === "compiled"
      ? this.#plan(handle, target, values)
      : this.#prepare(handle, target);
    return await this.#run(handle, values);
  }

  /** A builder with what `at` gives in the place of each value, in the order of the values. */
  #build(target: RenderTarget, db: Kysely<any>, at: (index: number) => unknown): any {
    let next = 0;
    const bind = () => at(next++);
    return renderStatement({ ...target, db, bind }, undefined, this.#query.statement);
  }

  #prepare(handle: Kysely<any>, target: RenderTarget): Run {
    const prepared = prepareQuery(
      handle,
      (db, params: any) => this.#build(target, db, (i) => params[`p${i}`]),
    );
    return async (on, values) => {
      const named: any = Object.fromEntries(values.map((value, i) => [`p${i}`, value]));
      const rows = async (where: Kysely<any>) =>
        (await prepared.on(where).execute(named)).map(withoutInsertId);
      switch (this.#query.handle) {
        case "transaction":
          return await on.transaction().execute(rows);
        case "connection":
          return await on.connection().execute(rows);
        default:
          return await rows(on);
      }
    };
  }

  /** Below `prepareQuery`; a list is as many slots as it has items. */
  #plan(handle: Kysely<any>, target: RenderTarget, first: readonly unknown[]): Run {
    let slots = 0;
    const at = first.map((value) =>
      Array.isArray(value) ? value.map(() => new Slot(slots++)) : new Slot(slots++)
    );
    const plan = compilePlan(handle, (db) => this.#build(target, db, (i) => at[i]));
    return async (on, values) => {
      const result = await on.executeQuery(plan.bind(on, values.flat()));
      return [...result.rows, { affected: result.numAffectedRows ?? 0n }];
    };
  }
}
