import { ExecutorError } from "@kysera/executor";
import { RLSPolicyViolation } from "@kysera/rls";
import type { Kysely } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Query, Statement } from "../oracle/ast.ts";
import { canonicalRows } from "../oracle/canonical.ts";
import { inserts } from "../oracle/execute.ts";
import type { OracleWorld } from "../oracle/run.ts";
import { type Data, filteredNames, type Row, tables } from "../oracle/schema.ts";
import { changes, mayBeRefused, Mismatch, type Outcome } from "../oracle/world.ts";
import { camelCase as camelCasePlugin, type Shape } from "./oracle_shapes.ts";
import { type Attempt, indent, rowsOf, sameRows, Side, type State, text } from "./oracle_side.ts";
import {
  asksForUnknown,
  offers,
  proposesComputed,
  someRows,
  sound,
  steered,
  withLimits,
  withStamps,
  writesOf,
} from "./oracle_statement.ts";

/** A layer of policies that is put to the test. */
export interface Subject {
  readonly name: string;
  readonly shape: Shape;
  /** The handle of the caller, from a database without plugins. */
  make(db: Kysely<any>): Kysely<any> | Promise<Kysely<any>>;
  readonly camelCase?: boolean | undefined;
  /** Statements that it may refuse, beside those that none can run. */
  readonly mayRefuse?: ((statement: Statement) => boolean) | undefined;
}

/**
 * All tenants' rows behind the policies under test, and only the caller's rows behind bare Kysely.
 * A write that would leave a row on the visible side that the policies do not accept has to be
 * refused as a whole.
 */
export class VisibleWorld implements OracleWorld {
  readonly subject: Subject;
  onError: OracleWorld["onError"];
  readonly #dialect: TestDialect;
  readonly #full: Side;
  readonly #visible: Side;
  #data: Data = {};

  private constructor(dialect: TestDialect, subject: Subject, full: Side, visible: Side) {
    this.#dialect = dialect;
    this.subject = subject;
    this.#full = full;
    this.#visible = visible;
  }

  static async open(dialect: TestDialect, subject: Subject): Promise<VisibleWorld> {
    const { camelCase } = subject;
    const holder: { world?: VisibleWorld } = {};
    const hidden = (table: string): ReadonlySet<number> => holder.world!.#hiddenIds(table);
    const full = await Side.open(dialect, {
      name: subject.name,
      make: subject.make,
      camelCase,
      hidden,
    });
    try {
      const visible = await Side.open(dialect, {
        name: "bare Kysely on the caller's rows",
        make: (db) => camelCase ? db.withPlugin(camelCasePlugin) : db,
        camelCase,
        hidden,
        visibleOnly: true,
      });
      return holder.world = new VisibleWorld(dialect, subject, full, visible);
    } catch (error) {
      await full.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#full.close();
    await this.#visible.close();
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    await this.#full.load(data);
    await this.#visible.load(Object.fromEntries(
      tables.map(({ name }) => [name, data[name]!.filter((row) => !this.#isHidden(name, row))]),
    ));
  }

  #isHidden = (table: string, row: Row): boolean =>
    filteredNames.includes(table) && !this.subject.shape.reads(row);

  #hiddenIds(table: string): ReadonlySet<number> {
    return new Set(
      this.#data[table]!.filter((row) => this.#isHidden(table, row)).map((row) => row.id),
    );
  }

  check(query: Query): Promise<Outcome> {
    return sound(() => this.#check(query));
  }

  async #check(drawn: Query): Promise<Outcome> {
    const query = steered(drawn);
    const { statement } = query;
    const ordered = statement.k === "select" && statement.total;
    const adapted = this.#adapted(query);
    // No query of the copy says the same.
    if (adapted === undefined) return "refused";
    const expected = await this.#visible.run(adapted, ordered);
    const got = await this.#full.run(query, ordered);
    if (!changes(statement)) return this.#compare(query, expected, got);
    const wanted = await this.#visible.restore();
    const there = await this.#full.restore();
    if ("error" in got) this.#compareStates(this.#full.loaded, there, []);
    const violating = expected.error === undefined ? this.#violating(wanted) : [];
    if (violating.length > 0) return this.#refused(violating, got);
    const outcome = this.#compare(query, expected, got);
    if (outcome === "equal") {
      const hidden = this.#hiddenRows();
      this.#compareStates(wanted, there, hidden);
    }
    return outcome;
  }

  /** The query as the visible side has to be asked it, where that can be said. */
  #adapted(query: Query): Query | undefined {
    const { stamp, mayChange } = this.subject.shape;
    let { statement } = query;
    if (stamp !== undefined) statement = withStamps(statement, stamp, filteredNames);
    if (mayChange === undefined) return { ...query, statement };
    const limited = withLimits(statement, mayChange, filteredNames);
    return limited && { ...query, statement: limited };
  }

  /** Rows that are new, and that the policies do not accept. */
  #violating(state: State): string[] {
    return filteredNames.flatMap((name) => {
      const left = canonicalRows(this.#visible.loaded[name]!);
      return state[name]!.filter((row) => !this.subject.shape.accepts(row)).flatMap((row) => {
        const text = canonicalRows([row])[0]!;
        const at = left.indexOf(text);
        if (at >= 0) left.splice(at, 1);
        return at >= 0 ? [] : [`${name} ${text}`];
      });
    });
  }

  #refused(violating: readonly string[], got: Attempt): Outcome {
    if (got.error !== undefined) {
      // The database may find something else to complain of, before or after.
      return isRefusal(got.error) ? "refused" : "failed on both sides";
    }
    throw new Mismatch(
      "lets rows through",
      `Rows that the policies do not accept were written:\n${indent(violating)}`,
    );
  }

  #compare(query: Query, expected: Attempt, got: Attempt): Outcome {
    const { statement } = query;
    if (got.error !== undefined && isRefusal(got.error)) {
      const also = (s: Statement) => asksForUnknown(s) || (this.subject.mayRefuse?.(s) ?? false);
      // That a row is not allowed is never said without need.
      const may = !(got.error instanceof RLSPolicyViolation) && mayBeRefused(statement, also);
      if (may || this.#proposes(statement) || isAmbiguous(got.error)) return "refused";
    }
    const noStatement = got.error instanceof TypeError &&
      /tests.oracle.render/.test(got.error.stack!);
    if (noStatement || (expected.error === undefined && isApart(got.error))) {
      return "failed on both sides";
    }
    if (expected.error !== undefined) this.onError?.(expected.error, query);
    if (expected.error !== undefined && got.error !== undefined) return "failed on both sides";
    if (isQuirk(expected.error)) return "failed on both sides";
    if (expected.error !== undefined) {
      throw new Mismatch("visible side fails", `Only the copy fails: ${text(expected.error)}`);
    }
    if (got.error !== undefined) {
      throw new Mismatch("fails", `Only ${this.subject.name} fails: ${text(got.error)}`);
    }
    const [want, have] = [rowsOf(expected), rowsOf(got)];
    if (want.join("\n") !== have.join("\n")) {
      throw new Mismatch(
        "results",
        `The results differ\n  the copy:\n${indent(want)}\n  ${this.subject.name}:\n` +
          indent(have),
      );
    }
    return "equal";
  }

  /**
   * Whether a write offers values that the policies accept of no row, or may: such a one may be refused
   * though it would write none.
   */
  #proposes(statement: Statement): boolean {
    const { accepts, stamp } = this.subject.shape;
    return writesOf(statement).some((write) =>
      proposesComputed(write, filteredNames) ||
      offers(write, filteredNames, stamp).some((offer) => !someRows(offer).some(accepts))
    );
  }

  #hiddenRows(): State {
    const loaded = this.#full.loaded;
    return Object.fromEntries(
      tables.map(({ name }) => [name, loaded[name]!.filter((row) => this.#isHidden(name, row))]),
    );
  }

  #compareStates(wanted: State, there: State, hidden: State | []): void {
    for (const { name } of tables) {
      const all = [...wanted[name]!, ...(Array.isArray(hidden) ? [] : hidden[name]!)];
      if (sameRows(all, there[name]!)) continue;
      throw new Mismatch(
        "state",
        `The rows of ${name} differ afterwards\n  wanted (hidden rows untouched):\n` +
          `${indent(canonicalRows(all))}\n  ${this.subject.name}:\n` +
          indent(canonicalRows(there[name]!)),
      );
    }
  }

  describe(drawn: Query): string {
    const query = steered(drawn);
    return [
      `-- ${this.#dialect.name}, ${this.subject.shape.name}: ${filteredNames.join(", ")}`,
      ...inserts(this.#data, this.#isHidden),
      this.#visible.describe(this.#adapted(query) ?? query),
      this.#full.describe(query),
      `-- the query: ${JSON.stringify(query)}`,
    ].join("\n");
  }
}

/** Whether an error is a refusal by name, and none of the database's. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ExecutorError;
}

/**
 * PostgreSQL takes an expression in DISTINCT ON or GROUP BY and the same one elsewhere for two where
 * they have parameters, as they do where a policy reads the context.
 */
export function isApart(error: unknown): boolean {
  return ["42P10", "42803"].includes(String((error as { code?: unknown } | undefined)?.code));
}

/** MariaDB takes some names of common table expressions for ambiguous, until a filter stands there. */
function isQuirk(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "ER_NON_UNIQ_ERROR";
}

function isAmbiguous(error: unknown): boolean {
  return error instanceof ExecutorError &&
    (error as { reason?: unknown }).reason === "AMBIGUOUS_NAME";
}
