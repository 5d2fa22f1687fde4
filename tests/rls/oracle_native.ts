import { RLSPolicyViolation } from "@kysera/rls";
import { syncContextToPostgres, toPostgres } from "@kysera/rls/native";
import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Handle, Query, Statement, Write } from "../oracle/ast.ts";
import { canonicalRows } from "../oracle/canonical.ts";
import { execute, inserts, schemaOf } from "../oracle/execute.ts";
import type { RenderTarget } from "../oracle/render_expr.ts";
import type { OracleWorld } from "../oracle/run.ts";
import { type Data, filteredNames, type Row, tables } from "../oracle/schema.ts";
import { changes, mayBeRefused, Mismatch, type Outcome } from "../oracle/world.ts";
import { createRole, type Role, runAll } from "./native_role.ts";
import { caller } from "./oracle_shapes.ts";
import {
  type Attempt,
  comparable,
  indent,
  prepareTables,
  rowsOf,
  sameRows,
  Side,
  type State,
  text,
} from "./oracle_side.ts";
import { asksForUnknown, offers, someRows, sound, steered, writesOf } from "./oracle_statement.ts";
import { isApart, isRefusal, type Subject } from "./oracle_visible.ts";

/** A database that enforces the policies itself. */
class NativeSide {
  readonly name = "PostgreSQL's own policies";
  readonly #db: Kysely<any>;
  readonly #role: Role;
  readonly #target: RenderTarget;
  readonly #close: () => Promise<void>;

  private constructor(
    db: Kysely<any>,
    role: Role,
    target: RenderTarget,
    close: () => Promise<void>,
  ) {
    this.#db = db;
    this.#role = role;
    this.#target = target;
    this.#close = close;
  }

  static async open(
    dialect: TestDialect,
    { shape }: Subject,
    hidden: RenderTarget["hidden"],
    change: (statements: string[]) => string[],
  ): Promise<NativeSide> {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await prepareTables(db, dialect.dialect);
      const role = await createRole(db);
      await runAll(db, change(toPostgres(shape.policies, { schemaName: role.schema })));
      const target: RenderTarget = {
        db,
        dialect: "postgres",
        schema: await schemaOf(db, dialect),
        name: (name) => name,
        hidden,
        visibleOnly: false,
      };
      return new NativeSide(db, role, target, async () => {
        await role.drop();
        await close();
      });
    } catch (error) {
      await close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  async load(data: Data): Promise<void> {
    for (const { name } of tables) {
      await this.#db.deleteFrom(name).execute();
      if (data[name]!.length > 0) await this.#db.insertInto(name).values(data[name]!).execute();
    }
  }

  /** Runs a query as the role and the caller, looks at how it changed the tables, and takes it back. */
  async run(query: Query, ordered: boolean): Promise<{ attempt: Attempt; state: State }> {
    const trx = await this.#db.startTransaction().execute();
    const state: State = {};
    try {
      await sql`set local role ${sql.id(this.#role.name)}`.execute(trx);
      await syncContextToPostgres(trx, caller);
      let attempt: Attempt;
      try {
        const rows = await execute({ ...this.#target, db: trx }, withoutTransaction(query), false);
        attempt = { rows: canonicalRows(comparable(rows, query), ordered) };
      } catch (error) {
        return { attempt: { error }, state };
      }
      if (changes(query.statement)) {
        await sql`set local role none`.execute(trx);
        for (const { name } of tables) {
          state[name] = await trx.selectFrom(name).selectAll().execute() as Row[];
        }
      }
      return { attempt, state };
    } finally {
      await trx.rollback().execute();
    }
  }
}

/** The transaction is one that is looked into: the query must not end it. */
function withoutTransaction(query: Query): Query {
  const ends: readonly Handle[] = ["transaction", "connection"];
  return ends.includes(query.handle) ? { ...query, handle: "plain" } : query;
}

/** The same policies, kept by rewriting queries, and kept by PostgreSQL. */
export class NativeWorld implements OracleWorld {
  readonly subject: Subject;
  onError: OracleWorld["onError"];
  readonly #dialect: TestDialect;
  readonly #ours: Side;
  readonly #native: NativeSide;
  #data: Data = {};

  private constructor(dialect: TestDialect, subject: Subject, ours: Side, native: NativeSide) {
    this.#dialect = dialect;
    this.subject = subject;
    this.#ours = ours;
    this.#native = native;
  }

  /** `change` makes other policies of those that are right, to see that they are found out. */
  static async open(
    dialect: TestDialect,
    subject: Subject,
    change: (statements: string[]) => string[] = (statements) => statements,
  ): Promise<NativeWorld> {
    const holder: { world?: NativeWorld } = {};
    const hidden = (table: string): ReadonlySet<number> => holder.world!.#hiddenIds(table);
    const ours = await Side.open(dialect, { name: subject.name, make: subject.make, hidden });
    try {
      const native = await NativeSide.open(dialect, subject, hidden, change);
      return holder.world = new NativeWorld(dialect, subject, ours, native);
    } catch (error) {
      await ours.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#ours.close();
    await this.#native.close();
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    await this.#ours.load(data);
    await this.#native.load(data);
  }

  #isHidden = (table: string, row: Row): boolean =>
    filteredNames.includes(table) && !this.subject.shape.reads(row);

  #hiddenIds(table: string): ReadonlySet<number> {
    const hidden = this.#data[table]!.filter((row) => this.#isHidden(table, row));
    return new Set(hidden.map((row) => row.id));
  }

  check(query: Query): Promise<Outcome> {
    return sound(() => this.#check(query));
  }

  async #check(drawn: Query): Promise<Outcome> {
    const query = steered(drawn);
    const { statement } = query;
    if (this.#locksWhatItMayNotChange(statement)) return "refused";
    const ordered = statement.k === "select" && statement.total;
    const { attempt: native, state: wanted } = await this.#native.run(query, ordered);
    const ours = await this.#ours.run(query, ordered);
    const there = changes(statement) ? await this.#ours.restore() : undefined;
    if (ours.error !== undefined && there !== undefined) {
      this.#compareStates(this.#ours.loaded, there);
    }
    const outcome = this.#compare(query, native, ours);
    if (outcome === "equal" && there !== undefined) this.#compareStates(wanted, there);
    return outcome;
  }

  #compare(query: Query, native: Attempt, ours: Attempt): Outcome {
    const { statement } = query;
    if (native.error !== undefined) {
      if (ours.error !== undefined) {
        return isViolation(native.error) ? "refused" : "failed on both sides";
      }
      // Where an upsert meets a row, or a MERGE one that may not be changed, ours passes it by.
      if (isViolation(native.error) && this.#passesBy(statement)) return "refused";
      this.onError?.(native.error, query);
      throw new Mismatch("native side fails", `Only PostgreSQL fails: ${text(native.error)}`);
    }
    if (ours.error !== undefined) {
      if (isApart(ours.error)) return "failed on both sides";
      if (isRefusal(ours.error) && this.#mayRefuse(statement, ours.error)) return "refused";
      throw new Mismatch("fails", `Only ${this.subject.name} fails: ${text(ours.error)}`);
    }
    const [want, have] = [rowsOf(native), rowsOf(ours)];
    if (want.join("\n") !== have.join("\n")) {
      throw new Mismatch(
        "results",
        `The results differ\n  PostgreSQL's own policies:\n${indent(want)}\n` +
          `  ${this.subject.name}:\n${indent(have)}`,
      );
    }
    return "equal";
  }

  #compareStates(wanted: State, there: State): void {
    for (const { name } of tables) {
      if (sameRows(wanted[name]!, there[name]!)) continue;
      throw new Mismatch(
        "state",
        `The rows of ${name} differ afterwards\n  wanted:\n` +
          `${indent(canonicalRows(wanted[name]!))}\n  ${this.subject.name}:\n` +
          indent(canonicalRows(there[name]!)),
      );
    }
  }

  /** Whether a refusal is a fair one, although PostgreSQL runs the statement. */
  #mayRefuse(statement: Statement, error: unknown): boolean {
    if (this.#proposes(statement)) return true;
    // That a row is not allowed is never said without need.
    return !(error instanceof RLSPolicyViolation) && mayBeRefused(statement, asksForUnknown);
  }

  /** Whether the policies accept of no row what is written, so that it may be refused unseen. */
  #proposes(statement: Statement): boolean {
    const { accepts, stamp } = this.subject.shape;
    return writesOf(statement).some((write) =>
      offers(write, filteredNames, stamp).some((offer) => !someRows(offer).some(accepts))
    );
  }

  #passesBy(statement: Statement): boolean {
    return writesOf(statement).some((write) => {
      if (write.k === "merge") return this.subject.shape.mayChange !== undefined;
      return write.k === "insert" && write.conflict !== undefined && this.#meets(write);
    });
  }

  /** Whether a row that is offered stands already: it is not written, and so not looked at. */
  #meets(write: Write & { k: "insert" }): boolean {
    const { table } = write.table;
    const at = write.columns.indexOf("id");
    const ids = write.rows.map((values) => values[at]).flatMap((e) =>
      e?.e === "lit" ? [e.value] : []
    );
    return this.#data[table]!.some((row) => ids.includes(row.id));
  }

  /** PostgreSQL locks rows that may be changed, and no others. */
  #locksWhatItMayNotChange(statement: Statement): boolean {
    return this.subject.shape.mayChange !== undefined &&
      JSON.stringify(statement).includes('"lock":{');
  }

  describe(drawn: Query): string {
    const query = steered(drawn);
    return [
      `-- ${this.#dialect.name}, ${this.subject.shape.name}: ${filteredNames.join(", ")}`,
      ...toPostgres(this.subject.shape.policies).filter((s) => /^create policy.*"users"/.test(s)),
      ...inserts(this.#data, this.#isHidden),
      this.#ours.describe(query),
      `-- the query: ${JSON.stringify(query)}`,
    ].join("\n");
  }
}

function isViolation(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  // Nothing else may be forbidden to the role, or the two would agree on nothing.
  return code === "42501" && /row-level security/i.test(String(message));
}
