import type { Kysely, TableMetadata } from "kysely";
import { Checks } from "../run/_checks.ts";
import type { NamedHooks } from "../hooks/_table_rules.ts";
import type { Trace } from "../hooks/_trace.ts";
import { ExecutorDestroyedError } from "../contract/errors.ts";
import type { DialectName, Plugin, PluginHooks } from "../contract/plugin.ts";

/** What all handles of one executor share. */
export class Core {
  /** The plugins, in the order they run in. */
  readonly plugins: readonly Plugin[];
  /** All of their hooks, for an executor made of this one. */
  readonly allHooks: readonly NamedHooks[];
  /** Their hooks about tables. */
  readonly hooks: readonly NamedHooks[];
  /** Those of them that intercept query blocks. */
  readonly interceptors: readonly Plugin[];
  /** Those of them that run round the execution. */
  readonly arounds: readonly NamedHooks[];
  /** Those of these that run round reads as well. */
  readonly aroundsOfReads: readonly NamedHooks[];
  /** Those of them that run round streams. */
  readonly streamArounds: readonly NamedHooks[];
  /** Those that say who is asking. */
  readonly identities: readonly NamedHooks[];
  readonly dialect: DialectName;
  readonly rawSql: "allow" | "deny";
  readonly tableFunctions: ReadonlySet<string>;
  /** The database without any plugin of this executor. */
  readonly rawDb: Kysely<any>;
  /** The plugins that `destroyExecutor` destroys: those that this executor brought. */
  readonly own: readonly Plugin[];
  /** What the statement that is being rewritten leaves to be checked. */
  checks: Checks = new Checks();
  /** Set while a query is explained. */
  trace: Trace | undefined;
  readonly #base: Core | undefined;
  #destroyed = false;
  #tables: Promise<readonly TableMetadata[]> | undefined;

  constructor(props: {
    readonly plugins: readonly Plugin[];
    readonly hooks: readonly (NamedHooks)[];
    readonly own: readonly Plugin[];
    readonly dialect: DialectName;
    readonly rawSql: "allow" | "deny";
    readonly tableFunctions: ReadonlySet<string>;
    readonly rawDb: Kysely<any>;
    readonly base: Core | undefined;
  }) {
    this.#base = props.base;
    this.plugins = Object.freeze([...props.plugins]);
    this.own = props.own;
    this.allHooks = props.hooks;
    this.hooks = props.hooks.filter(({ hooks }) => hasTableHooks(hooks));
    this.arounds = props.hooks.filter(({ hooks }) => hooks.aroundQuery !== undefined);
    this.aroundsOfReads = this.arounds.filter(({ hooks }) => hooks.around !== "writes");
    this.streamArounds = props.hooks.filter(({ hooks }) => hooks.aroundStream !== undefined);
    this.identities = props.hooks.filter(({ hooks }) => hooks.identity !== undefined);
    this.interceptors = props.plugins.filter((plugin) => plugin.interceptQuery !== undefined);
    this.dialect = props.dialect;
    this.rawSql = props.rawSql;
    this.tableFunctions = props.tableFunctions;
    this.rawDb = props.rawDb;
  }

  /** The plugins of both: of this one first. */
  with(other: Core): Core {
    return new Core({
      plugins: [...this.plugins, ...other.plugins.filter((p) => !this.plugins.includes(p))],
      hooks: [...this.allHooks, ...other.allHooks.filter((h) => !this.allHooks.includes(h))],
      own: [],
      dialect: this.dialect,
      rawSql: this.rawSql === "deny" ? "deny" : other.rawSql,
      tableFunctions: new Set([...this.tableFunctions, ...other.tableFunctions]),
      rawDb: this.rawDb,
      base: other,
    });
  }

  /** Whether `destroyExecutor` was called, here or on the executor that this one is made of. */
  get destroyed(): boolean {
    return this.#destroyed || (this.#base !== undefined && this.#base.destroyed);
  }

  /** Refuses every query from now on. */
  destroy(): void {
    this.#destroyed = true;
  }

  /** @throws {ExecutorDestroyedError} after {@linkcode Core.destroy} */
  assertAlive(): void {
    if (this.destroyed) throw new ExecutorDestroyedError();
  }

  /** The tables and views of the database, asked of it once. */
  tables(): Promise<readonly TableMetadata[]> {
    this.#tables ??= introspect(this.rawDb).catch((error) => {
      this.#tables = undefined;
      throw error;
    });
    return this.#tables;
  }
}

const MOST_TRIES = 3;

/**
 * The tables of a database. Kysely's introspector asks PostgreSQL about each schema and sequence by
 * name, which fails where another session drops one meanwhile: so it may ask again.
 */
export async function introspect(db: Kysely<any>): Promise<readonly TableMetadata[]> {
  for (let tries = 1;; tries++) {
    try {
      return await db.introspection.getTables();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
  }
}

function hasTableHooks(hooks: PluginHooks): boolean {
  return hooks.filter !== undefined || hooks.rewriteDelete !== undefined ||
    hooks.stamp !== undefined || hooks.check !== undefined || hooks.mask !== undefined;
}
