/**
 * Random writes of every shape: audited, each gives what it gives on bare Kysely, and the log, done
 * again, gives the tables.
 */
import {
  AuditNotPossibleError,
  type AuditOptions,
  auditPlugin,
  createAuditTable,
  createAuditTriggers,
  getAuditLogs,
} from "@kysera/audit";
import { createExecutor, getRawDb, type Plugin } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { Query } from "../oracle/ast.ts";
import { canonicalRows } from "../oracle/canonical.ts";
import { compile, execute, inserts, schemaOf } from "../oracle/execute.ts";
import type { RenderTarget } from "../oracle/render_expr.ts";
import type { OracleWorld } from "../oracle/run.ts";
import { createTables, type Data, load, tables } from "../oracle/schema.ts";
import { changes, Mismatch, type Outcome } from "../oracle/world.ts";
import type { TestDialect } from "../support/matrix.ts";
import { State } from "./_fold.ts";

/** Who does the writes, where the log is to tell that. */
export const CALLER = "caller";

const NAMES = tables.map(({ name }) => name);

interface Side {
  readonly target: RenderTarget;
  readonly db: Kysely<any>;
  close(): Promise<void>;
}

/** A bare database and an audited one. */
export class AuditWorld implements OracleWorld {
  readonly subject: { readonly name: string };
  onError: ((error: unknown, query: Query) => void) | undefined;
  readonly #bare: Side;
  readonly #audited: Side;
  #data: Data = {};
  readonly #tellsCaller: boolean;

  constructor(name: string, bare: Side, audited: Side, tellsCaller: boolean) {
    this.#tellsCaller = tellsCaller;
    this.subject = { name };
    this.#bare = bare;
    this.#audited = audited;
  }

  /**
   * Opens both.
   *
   * @param more plugins that change nothing
   * @param options of the audit plugin
   */
  static async open(
    dialect: TestDialect,
    name = "audit",
    more: readonly Plugin[] = [],
    options: AuditOptions = {},
  ): Promise<AuditWorld> {
    const side = async (isAudited: boolean): Promise<Side> => {
      const { db, close } = await dialect.open({ connections: 1 });
      await createTables(db, dialect.dialect);
      await createAuditTable(db);
      if (isAudited && options.mode === "trigger") await createAuditTriggers(db, { tables: NAMES });
      const handle = isAudited ? await createExecutor(db, [...more, auditPlugin(options)]) : db;
      const target: RenderTarget = {
        dialect: dialect.dialect,
        name: (name) => name,
        hidden: () => new Set(),
        db: handle,
        schema: await schemaOf(db, dialect),
        visibleOnly: false,
      };
      return { target, db: handle, close };
    };
    const tellsCaller = options.getUserId !== undefined;
    return new AuditWorld(name, await side(false), await side(true), tellsCaller);
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    for (const { db } of [this.#bare, this.#audited]) await load(db, data, false);
    await getRawDb<any>(this.#audited.db).deleteFrom("audit_logs").execute();
  }

  async check(query: Query): Promise<Outcome> {
    if (!changes(query.statement)) return "equal";
    const expected = await this.#run(this.#bare, query, async () => {});
    const before = await State.of(this.#audited.db, NAMES);
    const got = await this.#run(this.#audited, query, async () => {
      const entries = (await getAuditLogs(this.#audited.db)).reverse();
      const told = before.fold(entries).list();
      const stranger = entries.find(({ changed_by }) => changed_by !== CALLER);
      if (this.#tellsCaller && stranger !== undefined) {
        throw new Mismatch("caller", `An entry has the caller ${stranger.changed_by}`);
      }
      const there = (await State.of(this.#audited.db, NAMES)).list();
      if (told.join("\n") !== there.join("\n")) {
        throw new Mismatch("log", `The log tells\n${told.join("\n")}\nnot\n${there.join("\n")}`);
      }
    });
    if (got.error instanceof Mismatch) throw got.error;
    if (got.error instanceof AuditNotPossibleError) return "refused";
    if (expected.error !== undefined) this.onError?.(expected.error, query);
    if (expected.error !== undefined && got.error !== undefined) return "failed on both sides";
    if (expected.error !== undefined || got.error !== undefined) {
      throw new Mismatch("fails", `bare: ${expected.error}\naudited: ${got.error}`);
    }
    if (expected.rows !== got.rows) {
      throw new Mismatch("results", `bare:\n${expected.rows}\naudited:\n${got.rows}`);
    }
    return "equal";
  }

  async #run(
    { target, db }: Side,
    query: Query,
    look: () => Promise<void>,
  ): Promise<{ rows?: string; error?: unknown }> {
    await sql`begin`.execute(db);
    try {
      const rows = await execute(target, query, false);
      const state = await State.of(db, NAMES);
      await look();
      return { rows: [...canonicalRows(rows), ...state.list()].join("\n") };
    } catch (error) {
      return { error };
    } finally {
      await sql`rollback`.execute(db);
    }
  }

  describe(query: Query): string {
    const { sql, parameters } = compile(this.#bare.target, query, false);
    return [...inserts(this.#data, () => false), sql, JSON.stringify(parameters)].join("\n");
  }

  async close(): Promise<void> {
    await this.#bare.close();
    await this.#audited.close();
  }
}
