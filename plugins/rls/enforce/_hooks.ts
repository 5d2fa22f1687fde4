import {
  type Attributes,
  columnFor,
  type ColumnMask,
  type DialectName,
  type HookContext,
  type OptionName,
  type PluginHooks,
  type PluginHost,
  type QueryScope,
  type Relation,
  type RowCheck,
  type Stamp,
  type TableId,
  type TableReference,
} from "@kysera/executor";
import {
  AndNode,
  type CompiledQuery,
  type Expression,
  type OperationNode,
  type QueryResult,
  type ReferenceNode,
  type SqlBool,
} from "kysely";
import { leavesOf } from "../algebra/_algebra.ts";
import {
  type Answer,
  type Ask,
  askerOf,
  columnOf,
  insideOf,
  keeping,
  type Place,
  valueAt,
} from "../algebra/_answer.ts";
import { isBypassed, isExempt } from "../algebra/_bypass.ts";
import { Checker } from "./_check.ts";
import { ContextSource } from "../context/_context_source.ts";
import { distributionEffects, distributionWarning } from "./_distribution.ts";
import { isPolicyValue, nameOfValue } from "../policy/_make_policy.ts";
import { maskOf } from "./_mask.ts";
import { marker } from "./_marker.ts";
import { optionNames } from "./_option_names.ts";
import { expressionOf, predicateOf } from "../algebra/_predicate.ts";
import { formatValue } from "../policy/_sql.ts";
import { Report } from "./_report.ts";
import type { Settings } from "./_settings.ts";
import { type Site, siteOf } from "../algebra/_site.ts";
import type { Standing, Tables } from "./_tables.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSContextValidationError, RLSPolicyViolation } from "../contract/errors.ts";
import type { Inside } from "../policy/_relation_sql.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

type Table = { readonly name: string; readonly schema: string | undefined };

/** What the plugin does, for one executor. */
export class RLSHooks implements PluginHooks {
  readonly stable = true;
  readonly rawSql = "deny";
  readonly around = "writes";
  readonly settings: Settings;
  readonly tables: Tables;
  readonly source: ContextSource;
  readonly report: Report;
  readonly dialect: DialectName;
  readonly #host: PluginHost;
  /** What was stamped in a run. */
  readonly #stamped = new WeakMap<object, Map<string, unknown>>();
  readonly #checkers = new Map<string, Checker>();
  /** How policies are asked at a place: one for all callers, so that it can tell them apart. */
  readonly #asks = new Map<string, Ask>();
  /** Whether some policy has turned out to be a function of the row. */
  #asksForRows = false;

  constructor(host: PluginHost, settings: Settings, tables: Tables) {
    this.#host = host;
    this.dialect = host.dialect;
    this.settings = settings;
    this.tables = tables;
    this.source = new ContextSource(settings.contextProvider, settings.requireContext);
    this.report = new Report(settings);
  }

  appliesTo(table: Table): boolean {
    return this.tables.concerns(table);
  }

  governs(table: TableId, context?: HookContext): boolean {
    if (this.tables.isNamed(table)) return true;
    if (context === undefined) return false;
    if (isBypassed(context.metadata)) return true;
    return context.cached((attributes, run) => {
      const caller = this.source.of(attributes, table.name, run);
      return caller !== undefined && isExempt(caller, NO_TABLE, this.settings.bypassRoles);
    });
  }

  optionNames(): OptionName[] {
    return optionNames(this.settings, this.dialect);
  }

  discover(table: TableId, found: readonly Relation[]): void {
    this.tables.learn(table, found);
    // What they ask depends on the catalog.
    this.#checkers.clear();
    this.#asks.clear();
  }

  callerMayChange(attributes: Attributes | undefined): boolean {
    return this.source.callerMayChange(attributes);
  }

  callerOf(attributes: Attributes | undefined, run: object): unknown {
    return this.source.callerOf(attributes, run);
  }

  filter(reference: TableReference, context: HookContext): Expression<SqlBool> | undefined {
    const table = this.#tableOf(reference, context);
    if (table === undefined) return undefined;
    const site = siteOf(reference);
    const { answer, ask } = this.#answer(site, table, reference, context);
    if (answer.formulas === undefined) return undefined;
    if (answer.refusal !== undefined && site !== "read") {
      throw this.report.refused(table, answer.refusal);
    }
    const node = predicateOf(
      answer.refusal === undefined ? answer.formulas : REFUSED,
      this.#columnOf(reference),
      (index) => context.pick(ask, valueAt(index, answer)).toOperationNode(),
    );
    const asking = site === "read"
      ? undefined
      : this.#marker(site, table, answer, reference, context);
    if (asking === undefined) return node === undefined ? undefined : expressionOf(node);
    return expressionOf(node === undefined ? asking : AndNode.create(node, asking));
  }

  #checker(table: CompiledTable, site: Site, reference: TableReference): Checker {
    const { table: name, schema = "", alias } = reference;
    const key = [site, schema, name, alias].join("\0");
    let checker = this.#checkers.get(key);
    if (checker === undefined) {
      // Aliases may be made up by programs: a bound keeps them from piling up.
      if (this.#checkers.size >= 1_000) this.#checkers.clear();
      checker = new Checker(table, site, reference, {
        host: this.#host,
        source: this.source,
        report: this.report,
        bypassRoles: this.settings.bypassRoles,
        hasTriggers: this.tables.hasTriggers(idOf(reference)),
        problemOf: this.problemOf(idOf(reference)),
        stamped: (table, column, attributes, run) =>
          this.#stampedValue(table, column, attributes, run),
      });
      this.#checkers.set(key, checker);
    }
    return checker;
  }

  /** The place for what functions of the row decide, where there are any. */
  #marker(
    site: Site,
    table: CompiledTable,
    answer: Answer,
    reference: TableReference,
    context: HookContext,
  ): OperationNode | undefined {
    const asksForRows = answer.asksForRows || (site === "update" &&
      this.#answer("update-check", table, reference, context).answer.asksForRows);
    if (!asksForRows) return undefined;
    // The rows are looked at when the statement runs.
    context.once();
    this.#asksForRows = true;
    return marker(site === "delete" ? "delete" : "update");
  }

  stamp(reference: TableReference, context: HookContext): Stamp | undefined {
    if (reference.operation === "update") return undefined;
    const table = this.#tableOf(reference, context);
    if (table === undefined) return undefined;
    const columns = Object.keys(table.stamp);
    if (columns.length === 0) return undefined;
    const valueOf = (attributes: Attributes | undefined, column: string, run: object): unknown =>
      this.#stampedValue(table, column, attributes, run);
    // Of somebody whom no policy is for, what is not known is left to the statement.
    const stamped = context.cached(
      (attributes, run) =>
        columns.filter((column) => valueOf(attributes, column, run) !== undefined),
      (columns) => columns.join("\0"),
    );
    if (stamped.length === 0) return undefined;
    return {
      set: Object.fromEntries(
        stamped.map((column) => [
          columnFor(this.#host, column),
          context.value((attributes, run) => valueOf(attributes, column, run)),
        ]),
      ),
      given: "keep",
    };
  }

  check(reference: TableReference, context: HookContext): RowCheck | undefined {
    const table = this.#tableOf(reference, context);
    if (table === undefined) return undefined;
    const site = reference.operation === "update"
      ? "update-check"
      : reference.returning
      ? "create-returning-check"
      : "create-check";
    const { check, asksForRows } = this.#checker(table, site, reference)
      .check(context, reference.returning);
    if (asksForRows) {
      context.once();
      this.#asksForRows = true;
    }
    return check;
  }

  mask(reference: TableReference, context: HookContext): ColumnMask | undefined {
    const table = this.#tableOf(reference, context);
    if (table === undefined || Object.keys(table.columns).length === 0) return undefined;
    return maskOf(table, reference, context, {
      host: this.#host,
      source: this.source,
      bypassRoles: this.settings.bypassRoles,
      columns: this.tables.columnsOf(idOf(reference)),
      problemOf: this.problemOf(idOf(reference)),
    });
  }

  async aroundQuery(
    query: CompiledQuery,
    next: (query: CompiledQuery) => Promise<QueryResult<any>>,
    scope: QueryScope,
  ): Promise<QueryResult<any>> {
    if (!this.#asksForRows || isBypassed(scope.metadata)) return await next(query);
    const { aroundRowFunctions } = await import("./_row_functions.ts");
    return await aroundRowFunctions(query, next, scope, this);
  }

  /** How a column is written in a query of ours. */
  columnFor(column: string): string {
    return columnFor(this.#host, column);
  }

  /** How the tables that are related to one in a schema are written. */
  insideOf(schema: string | undefined): Inside {
    return insideOf({ schema }, this.#host);
  }

  /** The name that the database has for a column. */
  physicalColumn(column: string): string {
    return this.#host.physicalColumn(column);
  }

  explain(
    reference: TableReference,
    context: HookContext,
    hook: "filter" | "stamp" | "check" | "mask" | "rewriteDelete",
  ): readonly string[] {
    const standing = this.standingOf(reference);
    if (standing.kind !== "policed" || isBypassed(context.metadata)) return [];
    const { table } = standing;
    if (hook === "stamp") return Object.keys(table.stamp).map((column) => `stamp of "${column}"`);
    if (hook === "mask") return Object.keys(table.columns).map((column) => `rule of "${column}"`);
    const site = hook === "filter"
      ? siteOf(reference)
      : reference.operation === "update"
      ? "update-check"
      : "create-check";
    const { formulas = [] } = this.#answer(site, table, reference, context).answer;
    const names = formulas.flatMap(leavesOf).map(({ policy }) => `policy "${policy.name}"`);
    return [...new Set(names)];
  }

  describe(table: Table): string[] {
    const standing = this.tables.standingOf(table);
    if (standing.kind === "free") return [];
    if (standing.kind === "refused") return [`refused: ${standing.why}`];
    const { policies, defaultDeny, skipFor, stamp, columns } = standing.table;
    return [
      ...distributionEffects(standing.table, this.settings.bypassRoles),
      ...policies.filter(({ distributes }) => distributes === undefined).map((
        { name, type, commands },
      ) => `policy "${name}" (${type} ${[...commands].join(", ")})`),
      ...defaultDeny ? ["what no policy allows is denied"] : [],
      ...Object.keys(stamp).map((column) => `INSERT sets "${column}"`),
      ...Object.keys(columns).map((column) => `column "${column}" is not for everybody`),
      ...skipFor.length === 0 ? [] : [`not for ${skipFor.join(", ")}`],
    ];
  }

  warn(table: TableId): string | undefined {
    const standing = this.tables.standingOf(table);
    const warnings = [
      standing.kind !== "free" || this.tables.isNamed(table)
        ? undefined
        : "no policy is about it: every caller reads and writes all of its rows; add it to the " +
          'schema, or name it in the option "skipTables", and let unlistedTables be "deny"',
      distributionWarning(
        standing,
        this.settings.registry.tables(),
        this.tables.uniqueKeysOf(table),
        (column) => this.physicalColumn(column),
      ),
    ].filter((each) => each !== undefined);
    return warnings.length === 0 ? undefined : warnings.join("; ");
  }

  #tableOf(reference: TableReference, context: HookContext): CompiledTable | undefined {
    if (isBypassed(context.metadata)) return undefined;
    const standing = this.standingOf(reference);
    if (standing.kind === "free") return undefined;
    if (standing.kind === "policed") return standing.table;
    throw this.report.violation(
      new RLSPolicyViolation(
        { operation: "read", table: reference.table },
        standing.why,
      ),
    );
  }

  /** What there is to say about the table of a reference. */
  standingOf(reference: TableReference): Standing {
    return this.tables.standingOf(idOf(reference));
  }

  /** Returns what tells what is wrong with a column that a policy names. */
  problemOf(table: TableId): Place["problemOf"] {
    return this.settings.check === "off" || this.#host.check === "off"
      ? undefined
      : this.tables.problemOf(table);
  }

  #answer(
    site: Site,
    table: CompiledTable,
    reference: TableReference,
    context: HookContext,
  ): { readonly answer: Answer; readonly ask: Ask } {
    const ask = this.#askerOf(site, table, reference, context.dialect);
    return { answer: context.cached(ask, ({ key }) => key), ask };
  }

  #askerOf(
    site: Site,
    table: CompiledTable,
    reference: TableReference,
    dialect: DialectName,
  ): Ask {
    const { table: name, schema = "", alias, actions = [] } = reference;
    // The alias of a table in a schema may be written with the schema.
    const { table: qualifier } = reference.column("id").toOperationNode() as ReferenceNode;
    const written = qualifier?.table.schema?.name ?? "";
    const key = [site, schema, name, alias, written, ...actions].join("\0");
    let ask = this.#asks.get(key);
    if (ask === undefined) {
      const place: Place = {
        site,
        table,
        dialect,
        column: keeping(this.#columnOf(reference)),
        problemOf: this.problemOf(idOf(reference)),
        inside: insideOf(reference, this.#host),
        actions: reference.actions,
      };
      const asker = askerOf(place, this.source, this.settings.bypassRoles, true);
      ask = this.#reporting(asker, site, table);
      // Aliases may be made up by programs: a bound keeps them from piling up.
      if (this.#asks.size >= 1_000) this.#asks.clear();
      this.#asks.set(key, ask);
    }
    return ask;
  }

  /** Asks, and tells of what was decided. */
  #reporting(ask: Ask, site: Site, table: CompiledTable): Ask {
    return (attributes, run) => {
      const answer = ask(attributes, run);
      this.report.decided(answer, site, table);
      return answer;
    };
  }

  #columnOf(reference: TableReference): Place["column"] {
    return columnOf(reference, (name) => columnFor(this.#host, name));
  }

  /** Returns what is stamped on a column, which is the same for all of a run. */
  #stampedValue(
    table: CompiledTable,
    column: string,
    attributes: Attributes | undefined,
    run: object,
  ): unknown {
    const context = this.source.of(attributes, table.table, run);
    if (typeof table.stamp[column] !== "function") return this.#stampFor(table, column, context);
    let values = this.#stamped.get(run);
    if (values === undefined) this.#stamped.set(run, values = new Map());
    const key = `${table.table}\0${column}`;
    if (!values.has(key)) values.set(key, this.#stampFor(table, column, context));
    return values.get(key);
  }

  #stampFor(table: CompiledTable, column: string, context: RLSContext | undefined): unknown {
    const given = table.stamp[column];
    if (context === undefined) return undefined;
    const value = typeof given === "function" ? given(context) : given;
    if (isPolicyValue(value)) return formatValue(value, this.#host.dialect);
    if (isExempt(context, table, this.settings.bypassRoles)) return undefined;
    throw new RLSContextValidationError(
      `Cannot insert into table "${table.table}": the value of "${column}" that is stamped is ` +
        `${nameOfValue(value)}; bind a context that has it`,
      column,
    );
  }
}

function idOf({ physicalName: name, schema }: TableReference): TableId {
  return { name, schema };
}

/** Stands for a table that the schema does not have. */
const NO_TABLE: Pick<CompiledTable, "skipFor"> = { skipFor: [] };

/** Formulas that no row satisfies. */
const REFUSED: NonNullable<Answer["formulas"]> = [{
  command: "read",
  side: "using",
  permissive: undefined,
  restrictive: [],
  refusal: { command: "read", policies: [], reason: "" },
}];
