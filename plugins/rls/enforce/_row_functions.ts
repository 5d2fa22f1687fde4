import type { QueryScope } from "@kysera/executor";
import {
  type AliasNode,
  type ColumnNode,
  type CompiledQuery,
  type InsertQueryNode,
  type OperationNode,
  type QueryResult,
  ReturningNode,
  SelectionNode,
  type TableNode,
  type ValueNode,
  type ValuesNode,
} from "kysely";
import { type Formula, type Leaf, leavesOf } from "../algebra/_algebra.ts";
import { type Answer, answerAt } from "../algebra/_answer.ts";
import { violation } from "./_check.ts";
import type { RLSHooks } from "./_hooks.ts";
import {
  askAboutRow,
  blamed,
  compareForWriting,
  type RowsInMemory,
  type Truth,
  truthOf,
  truthOfLeaf,
} from "../algebra/_in_memory.ts";
import { type Findings, findingsIn } from "./_marker.ts";
import { columnInMemory } from "../algebra/_predicate.ts";
import { formatValue } from "../policy/_sql.ts";
import type { Site } from "../algebra/_site.ts";
import { groupBy, type Row, RowIdentity, type RowKey } from "./_row_identity.ts";
import { type Change, restricted, selectRows, selectTouched, targetOf } from "./_touched_rows.ts";
import { RLSPolicyEvaluationError } from "../contract/errors.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

type Next = (query: CompiledQuery) => Promise<QueryResult<any>>;

/**
 * Functions of the row, round a statement that writes. They are asked about whole rows, in one
 * transaction with the statement, and never row by row of the database. The statement is then
 * restricted to the rows that passed, as {@linkcode RowIdentity} tells them apart:
 *
 * | statement         | statements beside it                                                        |
 * | ----------------- | --------------------------------------------------------------------------- |
 * | DELETE            | before: SELECT .. FOR UPDATE of the rows that it would touch                |
 * | UPDATE            | the same; after: SELECT of the rows that it changed, to ask about new ones  |
 * | INSERT .. VALUES  | none: the values are asked about before anything is sent                    |
 * | INSERT of others  | none: RETURNING gives the rows, which are taken back where one is not right |
 */
export async function aroundRowFunctions(
  query: CompiledQuery,
  next: Next,
  scope: QueryScope,
  hooks: RLSHooks,
): Promise<QueryResult<any>> {
  const root = query.query as OperationNode;
  const findings = findingsIn(root);
  const inserts = findings.inserts.flatMap((node) => insertOf(node, scope, hooks) ?? []);
  if (findings.sites.length === 0 && inserts.length === 0) return await next(query);
  if (root.kind === "InsertQueryNode" && isAlone(root, findings, inserts)) {
    return await new RowFunctions(query, next, scope, hooks).insert(inserts[0]!);
  }
  if (
    (root.kind === "UpdateQueryNode" || root.kind === "DeleteQueryNode") &&
    findings.sites.length === 1 && inserts.length === 0
  ) {
    // One of these two, as its kind says.
    return await new RowFunctions(query, next, scope, hooks)
      .change(root as Change, findings.sites[0]!);
  }
  const { table, formulas } = concerned(findings, inserts, scope, hooks);
  throw unsupported(table, "update", formulas, [
    "it stands in a statement with others (a common table expression, a MERGE, an ON CONFLICT DO " +
    "UPDATE)",
  ]);
}

/** The table whose rows cannot be asked about, for the error. */
function concerned(
  { changes }: Findings,
  [insert]: readonly Insert[],
  scope: QueryScope,
  hooks: RLSHooks,
): { readonly table: string; readonly formulas: readonly Formula[] } {
  if (insert !== undefined) {
    return { table: insert.table.table, formulas: insert.answer.formulas ?? [] };
  }
  for (const change of changes) {
    const target = targetOf(change);
    const table = target === undefined ? undefined : tableOf(target.table, hooks);
    if (table === undefined) continue;
    const site = change.kind === "UpdateQueryNode" ? "update" : "delete";
    return { table: table.table, formulas: ask(table, site, scope, hooks).formulas ?? [] };
  }
  return { table: "", formulas: [] };
}

interface Insert {
  readonly node: InsertQueryNode;
  readonly table: CompiledTable;
  readonly site: Site;
  readonly answer: Answer;
}

function isAlone(root: OperationNode, { sites }: Findings, inserts: readonly Insert[]): boolean {
  return sites.length === 0 && inserts.length === 1 && inserts[0]!.node === root;
}

/** An INSERT whose rows have to be asked about. */
function insertOf(node: InsertQueryNode, scope: QueryScope, hooks: RLSHooks): Insert | undefined {
  const into = node.into;
  if (into?.kind !== "TableNode") return undefined;
  const found = tableOf(into, hooks);
  if (found === undefined) return undefined;
  const site: Site = node.returning === undefined && node.output === undefined
    ? "create-check"
    : "create-returning-check";
  const answer = ask(found, site, scope, hooks);
  return answer.asksForRows ? { node, table: found, site, answer } : undefined;
}

function tableOf({ table }: TableNode, { tables }: RLSHooks): CompiledTable | undefined {
  const standing = tables.standingOf({ name: table.identifier.name, schema: table.schema?.name });
  return standing.kind === "policed" ? standing.table : undefined;
}

function ask(table: CompiledTable, site: Site, scope: QueryScope, hooks: RLSHooks): Answer {
  const { dialect } = scope;
  const place = {
    site,
    table,
    dialect,
    column: columnInMemory,
    problemOf: undefined,
    actions: undefined,
  };
  return answerAt(place, scope.context, hooks.source, hooks.settings.bypassRoles, scope.run);
}

/** One statement, and the functions that have a say in it. */
class RowFunctions {
  readonly #query: CompiledQuery;
  readonly #next: Next;
  readonly #scope: QueryScope;
  readonly #hooks: RLSHooks;

  constructor(query: CompiledQuery, next: Next, scope: QueryScope, hooks: RLSHooks) {
    this.#query = query;
    this.#next = next;
    this.#scope = scope;
    this.#hooks = hooks;
  }

  async change(root: Change, site: "update" | "delete"): Promise<QueryResult<any>> {
    const scope = this.#scope;
    const target = targetOf(root);
    const table = target === undefined ? undefined : tableOf(target.table, this.#hooks);
    const isBound = "limit" in root && root.limit !== undefined || root.top !== undefined;
    if (target === undefined || table === undefined || isBound) {
      const name = target?.table.table.identifier.name ?? "";
      throw unsupported(name, site, [], ["the statement changes several tables, or has a LIMIT"]);
    }
    const using = ask(table, site, scope, this.#hooks);
    const check = site === "update" ? ask(table, "update-check", scope, this.#hooks) : undefined;
    const id = {
      name: target.table.table.identifier.name,
      schema: target.table.table.schema?.name,
    };
    const key = this.#hooks.tables.keyOf(id, table);
    const identity = new RowIdentity(scope.dialect, key, site);
    if (identity.needsKey) assertHasKey(key, table, site);
    if (site === "update") assertKeeps(root, this.#hooks.tables.isFixed(id, key), table);
    return await scope.atomically(async () => {
      const before = await this.#rows(
        selectTouched(
          root,
          target,
          scope.dialect,
          this.#hooks.tables.knownColumns(id),
          identity.selections(target.qualifier),
        ),
      );
      const allowed = await this.#allowed(before, identity, key.columns, using, table, site);
      const changed = restricted(root, identity.isOneOf(target.qualifier, allowed));
      const result = await this.#next(scope.compile(changed as CompiledQuery["query"]));
      // Rows that share what they are told apart by have all passed, each of them.
      if (identity.isExact && (result.numAffectedRows ?? 0n) > BigInt(allowed.length)) {
        throw lost(table);
      }
      if (check === undefined || allowed.length === 0) return result;
      const after = await this.#rows(
        selectRows(
          target.table,
          identity.isAgainOneOf(target.table, allowed),
          identity.selectionsAgain(target.table),
        ),
      );
      const byKey = groupBy(after, (row) => identity.keyOf(row));
      for (const row of allowed) {
        const [data, ...others] = byKey.get(identity.keyOf(row)) ?? [];
        if (data === undefined) throw lost(table);
        if (others.length > 0) throw shared(table, key.columns, site);
        for (const answer of [using, check]) {
          const rows = { row: identity.bare(row), data: identity.bare(data) };
          await this.#assert(answer, rows, table, "update-check");
        }
      }
      return result;
    });
  }

  /**
   * Returns those of the touched rows that pass, one of each.
   *
   * @throws {RLSPolicyEvaluationError} if some rows that cannot be told apart pass and others do not
   */
  async #allowed(
    touched: readonly Row[],
    identity: RowIdentity,
    key: readonly string[],
    using: Answer,
    table: CompiledTable,
    site: "update" | "delete",
  ): Promise<readonly Row[]> {
    const allowed: Row[] = [];
    for (const rows of groupBy(touched, (row) => identity.rowOf(row)).values()) {
      // A join gives a row more than once.
      const distinct = identity.isExact ? rows.slice(0, 1) : rows;
      let passed = 0;
      for (const row of distinct) {
        if (await this.#passes(using, { row: identity.bare(row), data: undefined })) passed++;
      }
      if (passed > 0 && passed < distinct.length) throw shared(table, key, site);
      if (passed > 0) allowed.push(rows[0]!);
    }
    return allowed;
  }

  async insert({ node, table, site, answer }: Insert): Promise<QueryResult<any>> {
    const { identifier, schema } = node.into!.table;
    const hasTriggers = this.#hooks.tables.hasTriggers({
      name: identifier.name,
      schema: schema?.name,
    });
    const rows = hasTriggers ? undefined : literalRows(node);
    if (rows !== undefined && await this.#areRight(rows, answer, table, site)) {
      return await this.#next(this.#query);
    }
    const { dialect } = this.#scope;
    if (dialect === "mysql" || dialect === "mssql" || node.output !== undefined) {
      throw unsupported(table.table, "create", answer.formulas ?? [], [
        "the values of the new rows are not known before the statement runs, and this database does " +
        "not return them",
      ]);
    }
    // The executor's own check of the statement stands there as well.
    const selections = node.returning?.selections ?? [];
    const own = selections.filter(isOwn);
    const asked = selections.filter((each) => !isOwn(each));
    const shown = shownColumns(asked, table, answer);
    const returning = ReturningNode.create([SelectionNode.createSelectAll(), ...own]);
    return await this.#scope.atomically(async () => {
      const compiled = this.#scope.compile({ ...node, returning } as CompiledQuery["query"]);
      const result = await this.#next(compiled);
      const written = result.numAffectedRows ?? 0n;
      if (BigInt(result.rows.length) < written) throw lost(table);
      for (const row of result.rows as Row[]) {
        await this.#assert(answer, { row, data: row }, table, site);
      }
      const isShown = (column: string): boolean =>
        shown === "all" || shown.has(column) || shown.has(this.#hooks.physicalColumn(column));
      return {
        ...result,
        rows: node.returning === undefined
          ? []
          : result.rows.map((row) =>
            Object.fromEntries(Object.entries(row).filter(([column]) => isShown(column)))
          ),
      };
    });
  }

  /** Whether rows are known to be right; `false` where it cannot be told. */
  async #areRight(
    rows: readonly Row[],
    answer: Answer,
    table: CompiledTable,
    site: Site,
  ): Promise<boolean> {
    let areAll = true;
    for (const row of rows) {
      for (const formula of answer.formulas ?? []) {
        const truths = await this.#truths(formula, answer, { row, data: row });
        const truth = truthOf(formula, (leaf) => truths.get(leaf));
        if (truth === false) {
          throw this.#violation(table, site, blamed(formula, (leaf) => truths.get(leaf)));
        }
        if (truth === undefined) areAll = false;
      }
    }
    return areAll;
  }

  async #passes(answer: Answer, rows: RowsInMemory): Promise<boolean> {
    for (const formula of answer.formulas ?? []) {
      const truths = await this.#truths(formula, answer, rows);
      // Of what compares with the new row it is told when there is one.
      const of = (leaf: Leaf): Truth => truths.get(leaf) ?? (leaf.verdict.kind === "rows");
      if (truthOf(formula, of) !== true) return false;
    }
    return true;
  }

  /** @throws {RLSPolicyViolation} where a row is not right */
  async #assert(
    answer: Answer,
    rows: RowsInMemory,
    table: CompiledTable,
    site: Site,
  ): Promise<void> {
    for (const formula of answer.formulas ?? []) {
      const truths = await this.#truths(formula, answer, rows);
      const of = (leaf: Leaf): Truth => truths.get(leaf) ?? false;
      if (truthOf(formula, of) !== true) {
        throw this.#violation(table, site, blamed(formula, of));
      }
    }
  }

  /** What each condition says of a row; SQL that all rows must satisfy is looked after by itself. */
  async #truths(
    formula: Formula,
    { context }: Answer,
    rows: RowsInMemory,
  ): Promise<ReadonlyMap<Leaf, Truth>> {
    const truths = new Map<Leaf, Truth>();
    const resolve = (column: string): string => this.#hooks.physicalColumn(column);
    for (const leaf of leavesOf(formula)) {
      // There is a context where there are conditions.
      const of = { ...rows, resolve };
      const truth = leaf.verdict.kind === "rows"
        ? await askAboutRow(leaf, formula, context!, of)
        : formula.restrictive.includes(leaf)
        ? true
        : truthOfLeaf(
          formatted(leaf, this.#scope.dialect),
          formula,
          context!,
          of,
          compareForWriting,
        );
      truths.set(leaf, truth);
    }
    return truths;
  }

  async #rows(select: OperationNode): Promise<readonly Row[]> {
    const scope = this.#scope;
    const compiled = scope.compile(select as CompiledQuery["query"]);
    return (await scope.connection.executeQuery<Row>(compiled)).rows;
  }

  #violation(table: CompiledTable, site: Site, policies: readonly string[]): Error {
    return this.#hooks.report.violation(violation(table, site, policies, undefined));
  }
}

function formatted(leaf: Leaf, dialect: QueryScope["dialect"]): Leaf {
  if (leaf.verdict.kind !== "columns") return leaf;
  const terms = leaf.verdict.terms.map((term) => ({
    ...term,
    // What a driver takes for a value is one.
    values: term.values.map((value) => formatValue(value, dialect)) as typeof term.values,
  }));
  return { ...leaf, verdict: { ...leaf.verdict, terms } };
}

/** The rows of an INSERT, with the values that it holds itself. */
function literalRows({ columns, values }: InsertQueryNode): readonly Row[] | undefined {
  if (columns === undefined || values?.kind !== "ValuesNode") return undefined;
  const names = columns.map(({ column }) => column.name);
  return (values as ValuesNode).values.map((row) =>
    Object.fromEntries(
      row.values.flatMap((value, i): [string, unknown][] => {
        const literal = row.kind === "PrimitiveValueListNode" ? value : literalOf(value);
        return isStandIn(literal) ? [] : [[names[i]!, literal]];
      }),
    )
  );
}

const UNKNOWN: object = { toOperationNode: () => undefined };

function literalOf(value: unknown): unknown {
  const node = value as Partial<ValueNode> | undefined;
  return node?.kind === "ValueNode" ? node.value : UNKNOWN;
}

/** Whether something stands for a value that is not known here. */
function isStandIn(value: unknown): boolean {
  return value === undefined ||
    (typeof value === "object" && value !== null && "toOperationNode" in value);
}

/** Whether something that is returned was added by the executor. */
function isOwn({ selection }: SelectionNode): boolean {
  if (selection.kind !== "AliasNode") return false;
  const { alias } = selection as AliasNode;
  return alias.kind === "IdentifierNode" &&
    (alias as OperationNode & { name: string }).name.startsWith("kysera");
}

/** The columns that a statement shows of the rows that it writes. */
function shownColumns(
  selections: readonly SelectionNode[],
  { table }: CompiledTable,
  { formulas = [] }: Answer,
): "all" | ReadonlySet<string> {
  const names = new Set<string>();
  for (const { selection } of selections) {
    const inner = selection.kind === "ReferenceNode"
      ? (selection as OperationNode & { column: OperationNode }).column
      : selection;
    if (inner.kind === "SelectAllNode") return "all";
    if (inner.kind !== "ColumnNode") {
      throw unsupported(table, "create", formulas, [
        "the statement returns something else than columns of the new rows",
      ]);
    }
    names.add((inner as ColumnNode).column.name);
  }
  return names;
}

function assertHasKey(
  { columns }: RowKey,
  table: CompiledTable,
  site: "update" | "delete",
): void {
  if (columns.length > 0) return;
  throw unsupported(table.table, site, [], [
    `the table has neither a primary key nor a column "id"; give it a primary key, or name the ` +
    `columns that tell its rows apart with "primaryKey"`,
  ]);
}

/** @throws {RLSPolicyEvaluationError} if an UPDATE assigns a column that rows are found again by */
function assertKeeps(
  root: Change,
  fixed: (column: string) => boolean,
  table: CompiledTable,
): void {
  if (root.kind !== "UpdateQueryNode") return;
  for (const { column } of root.updates ?? []) {
    const named = column.kind === "ReferenceNode"
      ? (column as OperationNode & { column: OperationNode }).column
      : column;
    const name = (named as OperationNode & { column?: { name?: string } }).column?.name;
    if (name !== undefined && !fixed(name)) continue;
    throw unsupported(table.table, "update", [], [
      name === undefined
        ? "the statement assigns something else than a column"
        : `the statement changes the key "${name}"`,
    ]);
  }
}

/** Rows that cannot be told apart, and must be. */
function shared(
  table: CompiledTable,
  key: readonly string[],
  site: "update" | "delete",
): RLSPolicyEvaluationError {
  const columns = key.map((column) => `"${column}"`).join(", ");
  return unsupported(table.table, site, [], [
    `several rows have the same ${columns}; name the columns of the primary key with "primaryKey", ` +
    "or give the table one",
  ]);
}

function lost(table: CompiledTable): RLSPolicyEvaluationError {
  return unsupported(table.table, "update", [], ["a row that was changed cannot be found again"]);
}

function unsupported(
  table: string,
  operation: "create" | "update" | "delete",
  formulas: readonly Formula[],
  why: readonly string[],
): RLSPolicyEvaluationError {
  const leaf = formulas.flatMap(leavesOf).find(({ verdict }) => verdict.kind === "rows");
  return new RLSPolicyEvaluationError(
    { operation, table },
    leaf?.policy.name ?? "",
    `a function of the row cannot be asked, because ${why.join("; ")}; write a predicate ` +
      "instead: (ctx) => ({ owner_id: ctx.auth.userId }), or (ctx, { eb, column }) => " +
      `eb(column("owner_id"), "=", ctx.auth.userId)`,
  );
}
