import type {
  CompiledQuery,
  DeleteQueryNode,
  OperationNode,
  SelectQueryNode,
  UpdateQueryNode,
} from "kysely";
import { digestOf } from "../fingerprint.ts";
import type { QueryRecord } from "../query_record.ts";
import type { Warning, WarningKind } from "./warning.ts";

/** How often, and with which values, a query ran of late. */
interface Runs {
  readonly times: { readonly at: number; readonly values: string }[];
  warned: boolean;
}

/** What a detector looks for. */
export interface DetectorSettings {
  readonly kinds: ReadonlySet<WarningKind>;
  readonly nPlusOneThreshold: number;
  /** In milliseconds; `Infinity` looks back to the beginning. */
  readonly window: number;
}

const MOST_SHAPES = 500;
const MOST_RUNS = 200;

/** Looks at queries as they come, and tells what is wrong with them. */
export class Detector {
  readonly #settings: DetectorSettings;
  readonly #runs: Map<string, Runs> = new Map();

  constructor(settings: DetectorSettings) {
    this.#settings = settings;
  }

  /** What is wrong now that this query ran. */
  look(query: CompiledQuery, record: QueryRecord, at: number): Warning[] {
    const { kinds } = this.#settings;
    const out: Warning[] = [];
    const warn = (kind: WarningKind, message: string, count = 1) => {
      if (kinds.has(kind)) out.push({ kind, message, query: record, count });
    };
    const { node, writes } = rootOf(query.query);
    if (isUnbounded(node)) {
      warn(
        "unbounded-select",
        `"${record.summary}" reads whole tables: it has neither WHERE nor LIMIT`,
      );
    }
    if (isUnconditional(node)) {
      warn("unconditional-write", `"${record.summary}" changes every row: it has no WHERE`);
    }
    if (writes) this.#forgetValues();
    else if (record.error === undefined) {
      const runs = this.#note(query, record, at);
      const values = runs.times.at(-1)!.values;
      const same = runs.times.filter((run) => run.values === values).length;
      if (same === 2) {
        warn("duplicate", `"${record.summary}" ran again with the same values`, same);
      }
      const different = differentIn(runs);
      if (!runs.warned && different >= this.#settings.nPlusOneThreshold && !isPage(node)) {
        runs.warned = true;
        warn("n-plus-one", nPlusOne(record, different), different);
      }
    }
    return out;
  }

  /** A warning with all the runs that were seen since. */
  latest(warning: Warning): Warning {
    const { kind, query } = warning;
    const runs = this.#runs.get(query.fingerprint);
    if (kind !== "n-plus-one" || runs === undefined) return warning;
    const count = differentIn(runs);
    return { ...warning, count, message: nPlusOne(query, count) };
  }

  #note(query: CompiledQuery, record: QueryRecord, at: number): Runs {
    const { window } = this.#settings;
    let runs = this.#runs.get(record.fingerprint);
    if (runs === undefined) {
      if (this.#runs.size >= MOST_SHAPES) this.#runs.delete(this.#runs.keys().next().value!);
      this.#runs.set(record.fingerprint, runs = { times: [], warned: false });
    }
    const { times } = runs;
    while (times.length > 0 && (times.length >= MOST_RUNS || at - times[0]!.at > window)) {
      times.shift();
      if (times.length === 0) runs.warned = false;
    }
    times.push({ at, values: textOf(query) });
    return runs;
  }

  /** What is read after a write may have changed. */
  #forgetValues(): void {
    for (const { times } of this.#runs.values()) {
      times.forEach((run, i) => times[i] = { at: run.at, values: `${run.values} before` });
    }
  }
}

function differentIn({ times }: Runs): number {
  return new Set(times.map((run) => run.values)).size;
}

function nPlusOne({ summary }: QueryRecord, count: number): string {
  return `"${summary}" ran ${count} times, each time with other values; ask for all at once, with IN ` +
    "or a join";
}

/** Whether a query is a page by a cursor: one after the other is how they are read. */
function isPage(node: OperationNode): boolean {
  const { selections = [] } = node as Partial<SelectQueryNode>;
  return selections.some(({ selection }) => {
    const { alias } = selection as { alias?: { identifier?: unknown; name?: unknown } };
    return alias?.name === "kyserat0";
  });
}

function textOf({ sql, parameters }: CompiledQuery): string {
  const values = JSON.stringify(
    parameters,
    (_, value) => typeof value === "bigint" ? `${value}n` : value,
  );
  // Nothing of a value is kept.
  return digestOf(`${sql} ${values}`);
}

/** The statement, and whether it or a common table expression of it writes. */
function rootOf(root: OperationNode): { node: OperationNode; writes: boolean } {
  const node = root.kind === "ExplainNode" ? root : root;
  const { with: clause } = node as OperationNode & {
    with?: { expressions?: readonly { expression?: OperationNode }[] };
  };
  const inner = clause?.expressions ?? [];
  const writes = node.kind !== "SelectQueryNode" && node.kind !== "RawNode" ||
    inner.some(({ expression }) => expression !== undefined && rootOf(expression).writes);
  return { node, writes };
}

function isUnbounded(node: OperationNode): boolean {
  if (node.kind !== "SelectQueryNode") return false;
  const { from, where, limit, fetch, top, joins, groupBy, selections, setOperations, explain } =
    node as SelectQueryNode & { fetch?: unknown; top?: unknown };
  if (explain !== undefined || setOperations !== undefined || groupBy !== undefined) return false;
  if (where !== undefined || limit !== undefined || fetch !== undefined || top !== undefined) {
    return false;
  }
  const readsTable = from !== undefined &&
    from.froms.some((item) => isTable(item)) &&
    joins?.every(({ on }) => on !== undefined) !== false;
  // One row comes back of aggregates alone.
  const aggregates = selections !== undefined && selections.length > 0 &&
    selections.every(({ selection }) => isAggregate(selection));
  return readsTable && !aggregates;
}

function isTable(node: OperationNode): boolean {
  if (node.kind === "AliasNode") {
    return isTable((node as OperationNode & { node: OperationNode }).node);
  }
  return node.kind === "TableNode";
}

function isAggregate(node: OperationNode): boolean {
  if (node.kind === "AliasNode") {
    return isAggregate((node as OperationNode & { node: OperationNode }).node);
  }
  return node.kind === "AggregateFunctionNode" && !("over" in node && node.over !== undefined);
}

function isUnconditional(node: OperationNode): boolean {
  return (node.kind === "UpdateQueryNode" || node.kind === "DeleteQueryNode") &&
    (node as UpdateQueryNode | DeleteQueryNode).where === undefined;
}
