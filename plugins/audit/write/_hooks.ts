import type { Attributes, PluginHooks, PluginHost, QueryScope, TableId } from "@kysera/executor";
import type { CompiledQuery, QueryResult, RootOperationNode } from "kysely";
import { AppendOnly } from "./_append_only.ts";
import type { Target } from "../strategies/common/_before.ts";
import type { LogTarget } from "../strategies/common/_log.ts";
import { log } from "../strategies/common/_log.ts";
import { writeOnMysql } from "../strategies/mysql/_write.ts";
import { partsOf, statement } from "../sql/_nodes.ts";
import type { AuditedWrite } from "../strategies/postgres/_parts.ts";
import { writeOnPostgres } from "../strategies/postgres/_run.ts";
import { READING, Reading } from "./_reading.ts";
import type { Settings } from "../contract/_settings.ts";
import { sqliteHandle, writeOnSqlite } from "../strategies/sqlite/_write.ts";
import { AuditedTables, type Run } from "./_tables.ts";
import { Templates } from "../strategies/common/_templates.ts";
import { refuseTruncate } from "./_truncate.ts";
import { sharedValues } from "./_values.ts";
import { withMarker } from "../strategies/common/_marker.ts";
import { type Write, writesOf } from "../strategies/common/_writes.ts";
import { AuditAppendOnlyError, AuditNotPossibleError } from "../contract/errors.ts";

type Next = (query: CompiledQuery) => Promise<QueryResult<any>>;

/** What was found in a query; a plan's comes again and again. */
const WRITES = new WeakMap<RootOperationNode, readonly Write[]>();

/** What the plugin does, for one executor. */
export class AuditHooks implements PluginHooks {
  readonly around = "writes";
  readonly settings: Settings;
  readonly tables: AuditedTables;
  readonly dialect: PluginHost["dialect"];
  /** Tables of PostgreSQL whose rows are to be locked before an UPDATE. */
  readonly #lockFirst = new Set<string>();
  readonly #templates: Templates;
  readonly #appendOnly: AppendOnly;

  constructor(host: PluginHost, settings: Settings) {
    this.settings = settings;
    this.tables = new AuditedTables(host, settings);
    this.dialect = host.dialect;
    this.#appendOnly = new AppendOnly(this.tables.auditTable.name);
    this.#templates = new Templates(host.db);
  }

  copies({ name, schema }: TableId, metadata: Attributes): "closed" | "open" | undefined {
    if (!this.tables.isOwn(name, schema)) return undefined;
    return metadata[READING] instanceof Reading ? "open" : "closed";
  }

  describe(table: { readonly name: string; readonly schema: string | undefined }): string[] {
    if (!this.tables.has(table.name, table.schema)) return [];
    return [`writes each change down in "${this.settings.auditTable}"`];
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
    if (this.dialect === "mssql") {
      throw new AuditNotPossibleError(writes[0]!.targets[0]!.name, "SQL Server is not supported");
    }
    return await this.#write(query, writes, next, scope);
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

  async #write(
    query: CompiledQuery,
    writes: readonly Write[],
    next: Next,
    scope: QueryScope,
  ): Promise<QueryResult<any>> {
    const run: Run = (piece) => next(scope.compile(statement(piece)));
    const targets: Target[][] = [];
    for (const write of writes) {
      targets.push(await this.#targetsOf(write, run));
    }
    const names = targets.flat().map(({ table }) => table.label);
    const values = await sharedValues(this.settings, scope, names);
    if (values === undefined) return await next(query);
    const kinds = writes.map(({ kind }, i) => `${kind} of "${targets[i]![0]!.table.label}"`);
    this.settings.logger?.debug(`Audit writes down: ${kinds.join(", ")}`);
    const to: LogTarget = {
      dialect: this.dialect,
      auditTable: this.tables.auditTable,
      settings: this.settings,
      values,
    };
    if (this.dialect === "postgres") {
      const parts = writes.map((write, i): AuditedWrite => {
        const [{ table, alias }] = targets[i] as [Target];
        return { ...write, table, alias };
      });
      return await writeOnPostgres(query, parts, {
        to,
        run,
        scope,
        next,
        templates: this.#templates,
        lockFirst: this.#lockFirst,
        chained: (changes) => log(run, to, changes),
      });
    }
    const [write] = writes as [Write];
    const runWrite = (node: RootOperationNode): Promise<QueryResult<any>> =>
      next(node === query.query ? query : scope.compile(node));
    return await scope.atomically(() =>
      withMarker(
        run,
        to,
        targets[0]!,
        () =>
          this.dialect === "sqlite"
            ? writeOnSqlite(write, targets[0]![0]!, {
              to,
              query,
              run,
              next,
              compile: scope.compile,
              templates: this.#templates,
            })
            : writeOnMysql(write, targets[0]!, to, run, runWrite),
      )
    );
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
          "it is a view, and what becomes of its tables is not seen; write to these, or exclude it",
        );
      }
      const handle = this.dialect === "sqlite" ? sqliteHandle(table) : table.key;
      found.push({ ...each, table, handle });
    }
    return found;
  }
}
