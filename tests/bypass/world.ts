/** Runs a case three ways: on the visible rows only, on all rows unguarded, and guarded. */
import { createExecutor, type Plugin } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { canonicalRows } from "../oracle/canonical.ts";
import type { TestDialect } from "../support/matrix.ts";
import type { BypassCase, Probe } from "./case.ts";
import { createTables, fill, isHidden, snapshot } from "./data.ts";
import { judge, type Judgement, type Outcome, type Rows } from "./judge.ts";
import { bindCaller, bindStranger, type Setting, type Subject } from "./subjects.ts";

/** What is right for a case, and what an unguarded database gives. */
interface Baseline {
  readonly truth: Outcome;
  readonly open: Outcome;
}

/** A database with all rows, and one with the visible ones only. */
export class BypassWorld {
  readonly #dialect: TestDialect;
  readonly #all: Kysely<any>;
  readonly #visible: Kysely<any>;
  readonly #schemas: readonly [string, string];
  readonly #before: Rows;
  readonly #close: () => Promise<void>;
  readonly #executors = new Map<Setting, Promise<Kysely<any>>>();
  readonly #baselines = new Map<BypassCase, Map<Subject | undefined, Baseline>>();

  private constructor(
    dialect: TestDialect,
    all: Kysely<any>,
    visible: Kysely<any>,
    schemas: readonly [string, string],
    before: Rows,
    close: () => Promise<void>,
  ) {
    this.#dialect = dialect;
    this.#all = all;
    this.#visible = visible;
    this.#schemas = schemas;
    this.#before = before;
    this.#close = close;
  }

  static async open(dialect: TestDialect): Promise<BypassWorld> {
    // One connection: a query that is not released is found out at once.
    const all = await dialect.open({ connections: 1 });
    const visible = await dialect.open({ connections: 1 });
    const close = async () => {
      await all.close();
      await visible.close();
    };
    try {
      await createTables(all.db, dialect.dialect, false);
      await createTables(visible.db, dialect.dialect, true);
      const schemas = [
        await schemaOf(all.db, dialect),
        await schemaOf(visible.db, dialect),
      ] as const;
      const before = await snapshot(all.db);
      return new BypassWorld(dialect, all.db, visible.db, schemas, before, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Runs a case under a setting. */
  async check(bypass: BypassCase, setting: Setting): Promise<Judgement> {
    const baseline = await this.#baseline(bypass, setting.subject);
    const guarded = await this.#run(bypass, this.#all, await this.#guarded(setting));
    return judge(bypass, setting, { ...baseline, guarded, before: this.#before });
  }

  async #baseline(bypass: BypassCase, subject: Subject): Promise<Baseline> {
    // Without an answer of its own, a case has the same one for every subject: they hide the same.
    const key = bypass.truth === undefined ? undefined : subject;
    let bySubject = this.#baselines.get(bypass);
    if (bySubject === undefined) this.#baselines.set(bypass, bySubject = new Map());
    let baseline = bySubject.get(key);
    if (baseline === undefined) {
      const { truth } = bypass;
      const open = await this.#run(bypass, this.#all, this.#open(this.#all, 0, subject));
      baseline = {
        open,
        truth: truth === undefined
          ? withHidden(
            await this.#run(bypass, this.#visible, this.#open(this.#visible, 1, subject)),
            this.#before,
          )
          : await this.#run(
            { ...bypass, run: truth },
            this.#all,
            this.#open(this.#all, 0, subject),
          ),
      };
      bySubject.set(key, baseline);
    }
    return baseline;
  }

  async #run(bypass: BypassCase, base: Kysely<any>, probe: Probe): Promise<Outcome> {
    const attempt = await capture(() => bypass.run(probe));
    if (bypass.writes !== true) return attempt;
    const rows = await snapshot(base);
    const before = base === this.#visible ? visibleRows(this.#before) : this.#before;
    const changed = Object.keys(rows).filter((name) =>
      canonicalRows(rows[name]!).join() !== canonicalRows(before[name]!).join()
    );
    await fill(base, base === this.#visible, changed);
    return { ...attempt, rows };
  }

  #open(db: Kysely<any>, schema: 0 | 1, subject: Subject): Probe {
    return {
      db,
      unbound: db,
      stranger: db,
      bare: db,
      guarded: false,
      make: (other) => Promise.resolve(other),
      ...this.#common(schema, subject),
    };
  }

  async #guarded(setting: Setting): Promise<Probe> {
    const { subject, rawSql } = setting;
    const make = (
      db: Kysely<any>,
      plugins: readonly Plugin[] = subject.plugins(this.#dialect.dialect),
    ) => createExecutor(db, plugins, { rawSql });
    let executor = this.#executors.get(setting);
    if (executor === undefined) this.#executors.set(setting, executor = make(this.#all));
    const unbound = await executor;
    return {
      db: bindCaller(unbound),
      unbound,
      stranger: bindStranger(unbound),
      bare: this.#all,
      guarded: true,
      make: async (db, plugins) => bindCaller(await make(db, plugins)),
      ...this.#common(0, subject),
    };
  }

  #common(
    schema: 0 | 1,
    subject: Subject,
  ): Pick<Probe, "dialect" | "schema" | "plugins" | "visible"> {
    return {
      dialect: this.#dialect.dialect,
      schema: this.#schemas[schema],
      plugins: () => subject.plugins(this.#dialect.dialect),
      visible: (eb, table, alias = table) => subject.visible(eb, table, alias),
    };
  }
}

/** A query that waits for a connection which was not given back would wait for ever. */
const PATIENCE_MS = 30_000;

async function capture(run: () => Promise<unknown>): Promise<Outcome> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("It did not end: a connection is lost")),
      PATIENCE_MS,
    );
  });
  try {
    return { value: await Promise.race([run(), late]), error: undefined, rows: undefined };
  } catch (error) {
    return { value: undefined, error, rows: undefined };
  } finally {
    clearTimeout(timer);
  }
}

/** The rows after a write on the visible ones, beside the hidden ones, which stay as they are. */
function withHidden(outcome: Outcome, all: Rows): Outcome {
  if (outcome.rows === undefined) return outcome;
  const rows: Record<string, Rows[string]> = {};
  for (const [name, there] of Object.entries(outcome.rows)) {
    rows[name] = [...there, ...all[name]!.filter((row) => isHidden(name, row))];
  }
  return { ...outcome, rows };
}

function visibleRows(all: Rows): Rows {
  return Object.fromEntries(
    Object.entries(all).map(([name, rows]) => [name, rows.filter((row) => !isHidden(name, row))]),
  );
}

async function schemaOf(db: Kysely<any>, { dialect }: TestDialect): Promise<string> {
  if (dialect === "sqlite") return "main";
  const query = dialect === "mysql"
    ? sql<{ name: string }>`select database() as name`
    : sql<{ name: string }>`select current_schema() as name`;
  return (await query.execute(db)).rows[0]!.name;
}
