import {
  type AppliedRule,
  bindContext,
  explainQuery,
  getContext,
  getMetadata,
  withMetadata,
} from "@kysera/executor";
import { withQueryExecutor } from "@kysera/core";
import {
  type CompiledQuery,
  createQueryId,
  type Kysely,
  type QueryExecutor,
  type RootOperationNode,
} from "kysely";
import { attribute, type AttributedSql, type Step } from "../sql/attribute.ts";
import { type Cell, cellOf, errorOf, type ShownError } from "../run/shown.ts";
import { NodeQuery } from "./node_query.ts";
import type { QueryEnd, QueryObserver } from "./recording_executor.ts";
import { WrittenQueries } from "./written_queries.ts";

/** An executor with the first plugins of a list. */
export interface Stage {
  /** The last of its plugins. */
  readonly plugin: string;
  readonly executor: Kysely<any>;
}

/** How a reference to a table was treated. */
export interface ShownReference {
  readonly table: string;
  readonly alias: string;
  readonly operation: string;
  readonly rules: readonly AppliedRule[];
}

/** A query of the program. */
export interface RecordedQuery {
  /** Its SQL as written and as run; of a refused query, as far as the plugins let it come. */
  readonly sql: AttributedSql | undefined;
  /** The parameters of what was run. */
  readonly parameters: readonly Cell[];
  /** What plugins said about the tables. */
  readonly references: readonly ShownReference[];
  /** Why it was refused before it ran, and by which plugin. */
  readonly refusal: {
    readonly plugin: string | undefined;
    readonly error: ShownError;
  } | undefined;
  /** Whether it is a statement that writes. */
  readonly writes: boolean;
  /** Why it failed when it ran. */
  readonly error: ShownError | undefined;
  /** How many rows it returned or changed. */
  readonly rows: number | undefined;
  /** Stands for the query among the statements that were sent. */
  readonly queryId: string | undefined;
}

const MOST_QUERIES = 50;

/** Records the queries of a program, and explains each as it runs. */
export class QueryRecorder implements QueryObserver {
  readonly #db: Kysely<any>;
  readonly #stages: readonly Stage[];
  readonly #written = new WrittenQueries();
  readonly #nodes = new WeakMap<CompiledQuery, RootOperationNode>();
  readonly #told = new WeakSet<object>();
  readonly #queries: RecordedQuery[] = [];
  /** Queries are compiled while one is explained, and these are not the program's. */
  #isExplaining = false;
  #left = 0;

  /**
   * @param db the database without plugins
   * @param stages the executors with one plugin, two, and so on; the last one has all of them
   */
  constructor(db: Kysely<any>, stages: readonly Stage[]) {
    this.#db = db;
    this.#stages = stages;
  }

  /** The queries so far, in the order they ran. */
  get queries(): readonly RecordedQuery[] {
    return this.#queries;
  }

  /** How many queries there were beyond those that are recorded. */
  get left(): number {
    return this.#left;
  }

  transformed(written: RootOperationNode, rewritten: RootOperationNode): void {
    if (!this.#isExplaining) this.#written.note(written, rewritten);
  }

  compiled(node: RootOperationNode, query: CompiledQuery): void {
    if (!this.#isExplaining) this.#nodes.set(query, node);
  }

  refused(written: RootOperationNode, by: QueryExecutor, error: unknown): void {
    // A query around the refused one is refused by the same error.
    if (this.#isExplaining || typeof error !== "object" || error === null) {
      return;
    }
    if (this.#told.has(error)) return;
    this.#told.add(error);
    this.#add({
      ...this.#explain(written, by),
      writes: isWrite(written),
      parameters: [],
      queryId: undefined,
    });
  }

  started(query: CompiledQuery, by: QueryExecutor): QueryEnd {
    const node = this.#nodes.get(query);
    const explained = node === undefined
      ? { sql: alone(query.sql), references: [], refusal: undefined }
      : this.#explain(node, by, query.sql);
    const at = this.#add({
      ...explained,
      refusal: undefined,
      writes: isWrite(node ?? query.query),
      parameters: query.parameters.map(cellOf),
      queryId: query.queryId.queryId,
    });
    const end = (result: Partial<RecordedQuery>) => {
      if (at !== undefined) {
        this.#queries[at] = { ...this.#queries[at]!, ...result };
      }
    };
    return {
      succeeded: ({ rows, numAffectedRows }) =>
        end({
          rows: rows.length > 0 ? rows.length : Number(numAffectedRows ?? 0n),
        }),
      failed: (error) => {
        // A refusal by a check, or of a query of another instance, comes when the query runs.
        if (typeof error === "object" && error !== null) this.#told.add(error);
        end({ error: errorOf(error) });
      },
    };
  }

  #add(
    query: Omit<RecordedQuery, "error" | "rows">,
  ): number | undefined {
    if (this.#queries.length >= MOST_QUERIES) {
      this.#left++;
      return undefined;
    }
    return this.#queries.push({ ...query, error: undefined, rows: undefined }) -
      1;
  }

  /** @param sent the SQL that is about to run; `undefined` for a query that was refused */
  #explain(
    node: RootOperationNode,
    by: QueryExecutor,
    sent?: string,
  ): Pick<RecordedQuery, "sql" | "references" | "refusal"> {
    this.#isExplaining = true;
    try {
      const written = this.#written.restore(node, createQueryId());
      const instance = withQueryExecutor(this.#db, by);
      const steps: Step[] = [];
      let refusal: RecordedQuery["refusal"];
      const bare = compileOn(this.#db, written, by);
      if (typeof bare !== "string") {
        return {
          sql: sent === undefined ? undefined : alone(sent),
          references: [],
          refusal: { plugin: undefined, error: errorOf(bare) },
        };
      }
      for (const { plugin, executor } of this.#stages) {
        const compiled = compileOn(inScopeOf(executor, instance), written, by);
        if (typeof compiled === "string") steps.push({ plugin, sql: compiled });
        else refusal ??= { plugin, error: errorOf(compiled) };
      }
      if (sent !== undefined && steps.at(-1)?.sql !== sent) {
        steps.push({ plugin: this.#stages.at(-1)?.plugin, sql: sent });
      }
      return {
        sql: attribute([{ plugin: undefined, sql: bare }, ...steps]),
        references: referencesOf(instance, written, by),
        refusal,
      };
    } finally {
      this.#isExplaining = false;
    }
  }
}

function isWrite({ kind }: RootOperationNode): boolean {
  return WRITES.includes(kind);
}

const WRITES: readonly string[] = [
  "InsertQueryNode",
  "UpdateQueryNode",
  "DeleteQueryNode",
  "MergeQueryNode",
];

function alone(sql: string): AttributedSql {
  return attribute([{ plugin: undefined, sql }]);
}

/** Returns an executor in the request scope of an instance of another executor. */
function inScopeOf(executor: Kysely<any>, instance: Kysely<any>): Kysely<any> {
  const context = getContext(instance);
  const bound = context === undefined ? executor : bindContext(executor, context);
  return withMetadata(bound, getMetadata(instance));
}

/** Returns the SQL of a query on an instance, or why it has none. */
function compileOn(
  instance: Kysely<any>,
  node: RootOperationNode,
  { plugins }: QueryExecutor,
): string | Error {
  try {
    const executor = instance.getExecutor().withPlugins(plugins);
    return new NodeQuery(node, executor).compile().sql;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function referencesOf(
  instance: Kysely<any>,
  node: RootOperationNode,
  by: QueryExecutor,
): readonly ShownReference[] {
  try {
    const { references } = explainQuery(instance, new NodeQuery(node, by));
    return references.map(({ table, alias, operation, rules }) => ({
      table,
      alias,
      operation,
      rules,
    }));
  } catch {
    // It was built past the plugins: there is nothing to be explained.
    return [];
  }
}
