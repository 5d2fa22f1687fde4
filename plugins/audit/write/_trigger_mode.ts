import { parseTableName, type PluginHost } from "@kysera/executor";
import { type Kysely, type QueryResult, sql } from "kysely";
import type { Settings } from "../contract/_settings.ts";
import { AuditTriggersError } from "../contract/errors.ts";
import type { Ask } from "../strategies/common/_catalog.ts";
import type { SharedValues } from "../strategies/common/_log.ts";
import type { AuditedTable } from "../strategies/common/_table.ts";
import type { TriggerParts } from "../strategies/common/_triggers.ts";
import type { EntryStrategy, Writer } from "../strategies/strategy.ts";
import { TRIGGERS } from "../strategies/_trigger_strategies.ts";
import type { HandOverWork, TriggerStrategy } from "../strategies/trigger_strategy.ts";
import type { AuditedTables } from "./_tables.ts";

/** Returns what does writes on a dialect that has triggers; `undefined` on others. */
export function triggerMode(
  { db, dialect }: PluginHost,
  entries: EntryStrategy,
  settings: Settings,
  tables: AuditedTables,
  write: Writer,
): TriggerMode | undefined {
  const strategy = TRIGGERS[dialect];
  return strategy && new TriggerMode(db, strategy, entries, settings, tables, write);
}

/** Does writes of tables whose triggers write the entries. */
export class TriggerMode {
  readonly #strategy: TriggerStrategy;
  readonly #entries: EntryStrategy;
  readonly #settings: Settings;
  readonly #tables: AuditedTables;
  readonly #write: Writer;
  readonly #parts: TriggerParts;
  /** Tables whose triggers are as they should be. */
  readonly #checked = new WeakMap<AuditedTable, { readonly mayDiffer: boolean }>();

  /**
   * @param db compiles what the triggers should be
   * @param entries inserts what triggers would not tell
   * @param write does what triggers would not tell as the plugin does
   */
  constructor(
    db: Kysely<any>,
    strategy: TriggerStrategy,
    entries: EntryStrategy,
    settings: Settings,
    tables: AuditedTables,
    write: Writer,
  ) {
    this.#strategy = strategy;
    this.#entries = entries;
    this.#settings = settings;
    this.#tables = tables;
    this.#write = write;
    this.#parts = strategy.make(db.withoutPlugins(), settings, tables.auditTable);
  }

  /** Does a write. @throws {AuditTriggersError} where a table lacks its triggers */
  async write(
    work: Omit<HandOverWork, "auditTable" | "values">,
    values: SharedValues | undefined,
  ): Promise<QueryResult<any>> {
    const ask: Ask = async (piece) => (await work.run(piece)).rows;
    let isSeen = work.writes.every((write) => this.#strategy.sees(write, work));
    for (const { audited } of work.writes) {
      for (const { table } of audited) {
        const { mayDiffer } = this.#checked.get(table) ?? await this.#check(ask, table);
        if (mayDiffer) isSeen = false;
      }
    }
    const { auditTable } = this.#tables;
    if (values === undefined || isSeen) {
      return await this.#strategy.handOver({ ...work, auditTable, values });
    }
    const to = { entries: this.#entries, auditTable, settings: this.#settings, values };
    return await this.#write({ ...work, to });
  }

  /** Checks the tables that the options name. @throws {AuditTriggersError} where one lacks triggers */
  async checkListed(host: PluginHost): Promise<void> {
    const db = host.db.withoutPlugins();
    const ask: Ask = async (piece) =>
      (await sql<Record<string, unknown>>`${piece}`.execute(db)).rows;
    for (const entry of this.#settings.tables ?? []) {
      const { name, schema } = parseTableName(entry);
      const table = await this.#tables.get(
        ask,
        host.physicalName(name),
        schema === undefined ? undefined : host.physicalName(schema),
      );
      const isAudited = table !== undefined && !table.info.isView &&
        this.#tables.has(table.name, table.schema);
      if (isAudited) await this.#check(ask, table);
    }
  }

  async #check(ask: Ask, table: AuditedTable): Promise<{ readonly mayDiffer: boolean }> {
    const { ours, mayDiffer } = await this.#strategy.find(ask, table);
    const { expected } = this.#parts.table(table);
    const isThere = (one: typeof expected[number], exactly: boolean): boolean =>
      ours.some(({ name, text }) => name === one.name && (!exactly || text.endsWith(one.text)));
    if (!expected.every((one) => isThere(one, true))) {
      // What is known of the table may be older than its triggers.
      this.#tables.forget(table);
      const isMade = expected.every((one) => isThere(one, false));
      throw new AuditTriggersError(
        table.label,
        isMade
          ? "its triggers are for other options, or for other columns than it has"
          : ours.length === 0
          ? "it has no triggers that write the log"
          : "some of the triggers that write the log are missing or disabled",
        this.#line(table),
      );
    }
    this.#checked.set(table, { mayDiffer });
    return { mayDiffer };
  }

  /** What makes the triggers of a table. */
  #line({ label }: AuditedTable): string {
    const {
      auditTable,
      key,
      keysOfTables,
      captureOldValues,
      captureNewValues,
      allowColumns,
      denyColumns,
      maskColumns,
      deletedAtColumn,
    } = this.#settings;
    const options = {
      tables: [label],
      ...auditTable === "audit_logs" ? {} : { auditTable },
      ...key === undefined && keysOfTables.length === 0
        ? {}
        : { primaryKeyColumn: key ?? Object.fromEntries(keysOfTables) },
      ...captureOldValues ? {} : { captureOldValues },
      ...captureNewValues ? {} : { captureNewValues },
      ...allowColumns === undefined ? {} : { allowColumns },
      ...denyColumns.length === 0 ? {} : { denyColumns },
      ...maskColumns.length === 0 ? {} : { maskColumns },
      ...deletedAtColumn === "deleted_at" ? {} : { deletedAtColumn: deletedAtColumn ?? false },
    };
    return `await createAuditTriggers(db, ${JSON.stringify(options)})`;
  }
}
