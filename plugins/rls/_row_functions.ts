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
import { type Formula, type Leaf, leavesOf } from "./_algebra.ts";
import { type Answer, answerAt } from "./_answer.ts";
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
} from "./_in_memory.ts";
import { type Findings, findingsIn } from "./_marker.ts";
import { columnInMemory, formatValue } from "./_predicate.ts";
import type { Site } from "./_site.ts";
import {
  type Change,
  keysAre,
  restricted,
  type Row,
  selectByKeys,
  selectTouched,
  targetOf,
} from "./_touched_rows.ts";
import { RLSPolicyEvaluationError } from "./errors.ts";
import type { CompiledTable } from "./policy_registry.ts";

type Next = (query: CompiledQuery) => Promise<QueryResult<any>>;

/**
 * Functions of the row, round a statement that writes. They are asked about whole rows, in one
 * transaction with the statement, and never row by row of the database:
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
  const place = { site, table, dialect, column: columnInMemory, actions: undefined };
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
    const key = table.primaryKey.map((column) => this.#hooks.physicalColumn(column));
    if (site === "update") assertKeeps(root, key, table);
    return await scope.atomically(async () => {
      const before = await this.#rows(selectTouched(root, target, scope.dialect));
      assertKeyed(before, key, table);
      const allowed: Row[] = [];
      for (const row of unique(before, key)) {
        if (await this.#passes(using, { row, data: undefined })) allowed.push(row);
      }
      const changed = restricted(root, keysAre(target.qualifier, key, allowed));
      const result = await this.#next(scope.compile(changed as CompiledQuery["query"]));
      if (check === undefined || allowed.length === 0) return result;
      const after = await this.#rows(selectByKeys(target.table, key, allowed));
      const byKey = new Map(after.map((row) => [nameOf(row, key), row]));
      for (const row of allowed) {
        const data = byKey.get(nameOf(row, key));
        if (data === undefined) throw lost(table);
        for (const answer of [using, check]) {
          await this.#assert(answer, { row, data }, table, "update-check");
        }
      }
      return result;
    });
  }

  async insert({ node, table, site, answer }: Insert): Promise<QueryResult<any>> {
    const rows = literalRows(node);
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

function unique(rows: readonly Row[], key: readonly string[]): Iterable<Row> {
  return new Map(rows.map((row) => [nameOf(row, key), row])).values();
}

function nameOf(row: Row, key: readonly string[]): string {
  return JSON.stringify(key.map((column) => {
    const value = row[column];
    return value instanceof Uint8Array ? [...value] : String(value);
  }));
}

function assertKeyed(rows: readonly Row[], key: readonly string[], table: CompiledTable): void {
  const missing = rows[0] && key.find((column) => rows[0]![column] === undefined);
  if (missing === undefined) return;
  throw unsupported(table.table, "update", [], [
    `the table has no column "${missing}"; name its primary key with "primaryKey"`,
  ]);
}

/** @throws {RLSPolicyEvaluationError} where an UPDATE gives rows another key: they could not be found */
function assertKeeps(root: Change, key: readonly string[], table: CompiledTable): void {
  if (root.kind !== "UpdateQueryNode") return;
  const assigned = root.updates?.map(({ column }) => {
    const named = column.kind === "ReferenceNode"
      ? (column as OperationNode & { column: OperationNode }).column
      : column;
    return (named as OperationNode & { column?: { name?: string } }).column?.name;
  }) ?? [];
  const changed = key.find((column) => assigned.includes(column));
  if (changed === undefined) return;
  throw unsupported(table.table, "update", [], [`the statement changes the key "${changed}"`]);
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
