import type { QueryScope } from "@kysera/executor";
import type { CompiledQuery, Kysely, RootOperationNode } from "kysely";
import { Canonical } from "./_canonical.ts";

/** A statement of ours that was compiled, and where its values come from. */
interface Template<T> {
  readonly made: T;
  readonly sql: string;
  readonly values: readonly Source[];
  /** What stands in the tree for the values that are given. */
  readonly standIns: Readonly<Record<string, object>>;
}

/** One of the values that are given, one of the query's own parameters, or always the same. */
type Source =
  | { readonly given: string }
  | { readonly parameter: number }
  | { readonly value: unknown };

/** A statement, and what else is known of it. */
export interface Made {
  readonly node: RootOperationNode;
}

/** What a statement is compiled for. */
export interface Occasion<V extends object> {
  /** What it is made of: the same for statements that differ in their values only. */
  readonly key: object;
  /** Which of the statements that are made of that. */
  readonly name: string;
  /** The query of the user. */
  readonly query: CompiledQuery;
  /** Compiles a tree for this one time. */
  readonly compile: QueryScope["compile"];
  /** As {@linkcode QueryScope.standsFor}. */
  readonly standsFor: QueryScope["standsFor"];
  /** The values that differ. */
  readonly values: V;
}

/** Makes a statement, of a query of which some values may be stood in for. */
export type Make<T extends Made, V extends object> = (values: V, query: RootOperationNode) => T;

/**
 * Statements that come again. The tree of a prepared query is the same each time, and so is what is
 * made of it; of queries that are built each time and have the same SQL, one stands for the others.
 * What comes once is made and compiled for once.
 */
export class Templates {
  readonly #db: Kysely<any>;
  /** `null` for what came once. */
  readonly #known = new WeakMap<object, Map<string, Template<Made> | null>>();
  readonly #canonical: Canonical;

  /** @param db compiles trees as they are */
  constructor(db: Kysely<any>) {
    this.#db = db;
    this.#canonical = new Canonical((node, queryId) =>
      db.getExecutor().compileQuery(node, queryId)
    );
  }

  /** Makes and compiles a statement, or takes the one that was made before. */
  get<T extends Made, V extends object>(
    occasion: Occasion<V>,
    make: Make<T, V>,
  ): { readonly made: T; readonly compiled: CompiledQuery } {
    const { key, name, query, compile, standsFor, values } = occasion;
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, known = new Map());
    // Of one name everything that is made is of one type.
    let template = known.get(name) as Template<T> | null | undefined;
    if (template === undefined && key === query.query) {
      const stood = this.#canonical.of(query);
      if (stood !== undefined) {
        standsFor(() => new Map(stood.standIns.map((each, i) => [each, query.parameters[i]])));
        const { tree } = stood;
        return this.get({ ...occasion, key: stood, query: { ...query, query: tree } }, make);
      }
      known.set(name, null);
      const made = make(values, query.query);
      return { made, compiled: compile(made.node) };
    }
    template ??= this.#make(query, values, make);
    known.set(name, template);
    const { made, sql, standIns } = template;
    // A plugin below may compile the tree again.
    standsFor(() =>
      new Map(Object.entries(values).map(([name, value]) => [standIns[name], value] as const))
    );
    const parameters = template.values.map((source) =>
      "given" in source
        ? (values as Readonly<Record<string, unknown>>)[source.given]
        : "parameter" in source
        ? query.parameters[source.parameter]
        : source.value
    );
    return { made, compiled: { query: made.node, sql, parameters, queryId: query.queryId } };
  }

  #make<T extends Made, V extends object>(
    query: CompiledQuery,
    values: V,
    make: Make<T, V>,
  ): Template<T> {
    const standIns: Record<string, object> = Object.fromEntries(
      Object.keys(values).map((name) => [name, {}]),
    );
    // They go to the parameters of the compiled statement, and are found there again.
    const made = make(standIns as V, query.query);
    const { sql, parameters } = this.#compile(made.node, query);
    const own = this.#compile(query.query, query).parameters;
    return {
      made,
      sql,
      standIns,
      values: parameters.map((value): Source => {
        if (typeof value !== "object" || value === null) return { value };
        const given = Object.keys(standIns).find((name) => standIns[name] === value);
        if (given !== undefined) return { given };
        // What stands for a value in the tree is an object of its own.
        const parameter = own.indexOf(value);
        return parameter < 0 ? { value } : { parameter };
      }),
    };
  }

  #compile(node: RootOperationNode, { queryId }: CompiledQuery): CompiledQuery {
    return this.#db.getExecutor().compileQuery(node, queryId);
  }
}
