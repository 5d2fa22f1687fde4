import type {
  Attributes,
  OptionName,
  PluginHooks,
  PluginHost,
  QueryScope,
  TableId,
} from "@kysera/executor";
import type { CompiledQuery, QueryResult, RootOperationNode } from "kysely";
import type { Settings } from "../contract/_settings.ts";
import { AuditAppendOnlyError, AuditError, AuditNotPossibleError } from "../contract/errors.ts";
import { partsOf, statement } from "../sql/_nodes.ts";
import { NOT_SUPPORTED, strategyOf } from "../strategies/_strategies.ts";
import type { Target } from "../strategies/common/_before.ts";
import type { LogTarget } from "../strategies/common/_log.ts";
import type { Run } from "../strategies/common/_table.ts";
import { Templates } from "../strategies/common/_templates.ts";
import { type Write, writesOf } from "../strategies/common/_writes.ts";
import type { AuditStrategy, Writer, WriteWork } from "../strategies/strategy.ts";
import { AppendOnly } from "./_append_only.ts";
import { optionNames } from "./_option_names.ts";
import { READING, Reading } from "./_reading.ts";
import { AuditedTables } from "./_tables.ts";
import type { TriggerMode } from "./_trigger_mode.ts";
import { refuseTruncate } from "./_truncate.ts";
import { sharedValues } from "./_values.ts";

type Next = (query: CompiledQuery) => Promise<QueryResult<any>>;

/** What was found in a query; a plan's comes again and again. */
const WRITES = new WeakMap<RootOperationNode, readonly Write[]>();

/** What the plugin does, for one executor. */
export class AuditHooks implements PluginHooks {
  readonly around = "writes";
  readonly settings: Settings;
  readonly tables: AuditedTables;
  readonly #strategy: AuditStrategy | undefined;
  readonly #write: Writer | undefined;
  readonly #host: PluginHost;
  #triggers: TriggerMode | undefined;
  readonly #templates: Templates;
  readonly #appendOnly: AppendOnly;

  constructor(host: PluginHost, settings: Settings) {
    this.settings = settings;
    this.#strategy = strategyOf(host.dialect);
    this.#write = this.#strategy?.writer();
    this.tables = new AuditedTables(host, settings, this.#strategy);
    this.#appendOnly = new AppendOnly(this.tables.auditTable.name);
    this.#templates = new Templates(host.db);
    this.#host = host;
  }

  /** What is done in the way of the dialect. @throws {AuditError} where nothing is */
  get strategy(): AuditStrategy {
    if (this.#strategy !== undefined) return this.#strategy;
    throw new AuditError(`Cannot use the audit log: ${NOT_SUPPORTED}`, "AUDIT_INVALID_VALUE");
  }

  /** Loads what has triggers write the entries; `undefined` where the plugin writes them. */
  async triggers(): Promise<TriggerMode | undefined> {
    const [strategy, write] = [this.#strategy, this.#write];
    if (!this.#isByTriggers || strategy === undefined || write === undefined) return undefined;
    if (this.#triggers === undefined) {
      const { triggerMode } = await import("./_trigger_mode.ts");
      this.#triggers ??= triggerMode(
        this.#host,
        strategy.entries,
        this.settings,
        this.tables,
        write,
      );
    }
    return this.#triggers;
  }

  get #isByTriggers(): boolean {
    return this.settings.mode === "trigger";
  }

  copies({ name, schema }: TableId, metadata: Attributes): "closed" | "open" | undefined {
    if (!this.tables.isOwn(name, schema)) return undefined;
    return metadata[READING] instanceof Reading ? "open" : "closed";
  }

  optionNames(): OptionName[] {
    return optionNames(this.settings);
  }

  describe(table: { readonly name: string; readonly schema: string | undefined }): string[] {
    if (!this.tables.has(table.name, table.schema)) return [];
    const by = this.#isByTriggers ? " by triggers" : "";
    return [`writes each change down in "${this.settings.auditTable}"${by}`];
  }

  async aroundQuery(
    query: CompiledQuery,
    next: Next,
    scope: QueryScope,
  ): Promise<QueryResult<any>> {
    const { query: node } = query;
    this.#appendOnly.refuse(query);
    if (node.kind === "RawNode") {
      refuseTruncate(query, (name) => this.tables.has(name, undefined));
      return await next(query);
    }
    const writes = this.#auditedOf(node);
    if (writes.length === 0) return await next(query);
    const { explain } = partsOf(node);
    if (explain !== undefined) {
      throw new AuditNotPossibleError(
        writes[0]!.targets[0]!.name,
        "EXPLAIN ANALYZE does what it explains; explain it without options",
      );
    }
    return await this.#writeDown(query, writes, next, scope);
  }

  /** The writes of a query to tables that are audited. */
  #auditedOf(node: RootOperationNode): readonly Write[] {
    let writes = WRITES.get(node);
    if (writes === undefined) WRITES.set(node, writes = writesOf(node));
    return writes.flatMap((write) => {
      const own = write.targets.find(({ name, schema }) => this.tables.isOwn(name, schema));
      if (own !== undefined) throw new AuditAppendOnlyError(own.name);
      const targets = write.targets.filter(({ name, schema }) => this.tables.has(name, schema));
      return targets.length === 0 ? [] : [{ ...write, targets }];
    });
  }

  async #writeDown(
    query: CompiledQuery,
    writes: readonly Write[],
    next: Next,
    scope: QueryScope,
  ): Promise<QueryResult<any>> {
    const write = this.#write;
    if (write === undefined) {
      throw new AuditNotPossibleError(writes[0]!.targets[0]!.name, NOT_SUPPORTED);
    }
    const { batch } = scope;
    // In a batch nothing is read but the catalog, and that before it is sent.
    const send = batch === undefined ? next : (query: CompiledQuery) => batch.read(query);
    const run: Run = (piece) => send(scope.compile(statement(piece)));
    const audited: WriteWork["writes"][number][] = [];
    for (const each of writes) audited.push({ ...each, audited: await this.#targetsOf(each, run) });
    const names = audited.flatMap((each) => each.audited.map(({ table }) => table.label));
    const values = await sharedValues(this.settings, scope, names);
    const kinds = audited.map((each) => `${each.kind} of "${each.audited[0]!.table.label}"`);
    if (values !== undefined) {
      this.settings.logger?.debug(`Audit writes down: ${kinds.join(", ")}`);
    }
    const templates = this.#templates;
    const work = { query, writes: audited, run, next, scope, templates };
    const triggers = this.#isByTriggers ? await this.triggers() : undefined;
    if (triggers !== undefined) return await triggers.write(work, values);
    if (values === undefined) return await next(query);
    const to: LogTarget = {
      entries: this.strategy.entries,
      auditTable: this.tables.auditTable,
      settings: this.settings,
      values,
    };
    return await write({ ...work, to });
  }

  async #targetsOf({ targets }: Write, run: Run): Promise<Target[]> {
    const found: Target[] = [];
    for (const each of targets) {
      const table = await this.tables.get(
        async (piece) => (await run(piece)).rows,
        each.name,
        each.schema,
      );
      if (table === undefined) {
        throw new AuditNotPossibleError(
          each.name,
          "there is no such table, or the catalog does not list it, as a temporary one; exclude it",
        );
      }
      if (table.info.isView) {
        throw new AuditNotPossibleError(
          table.label,
          "it is a view, and how its tables change is not seen; write to these, or exclude it",
        );
      }
      found.push({ ...each, table, handle: this.strategy.handleOf(table) });
    }
    return found;
  }
}
