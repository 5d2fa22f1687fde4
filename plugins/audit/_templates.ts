import type { CompiledQuery, Kysely, RootOperationNode } from "kysely";
import type { PostgresStatement } from "./_postgres.ts";
import type { SharedValues } from "./_values.ts";

/** Stand for the values that differ from one run of a statement to the next. */
const STAND_INS: { readonly [K in keyof SharedValues]: object } = {
  actor: {},
  at: {},
  metadata: {},
  request: {},
};
const NAMES = Object.keys(STAND_INS) as (keyof SharedValues)[];

/** A statement of ours that was compiled, and where its values come from. */
interface Template {
  readonly statement: PostgresStatement;
  readonly sql: string;
  readonly values: readonly Source[];
}

/** A value of the entries, one of the query's own parameters, or always the same. */
type Source =
  | { readonly entry: keyof SharedValues }
  | { readonly parameter: number }
  | { readonly value: unknown };

/**
 * Statements for queries that come again: the tree of a prepared query is the same each time, and so
 * is what is made of it.
 */
export class Templates {
  readonly #compile: (node: RootOperationNode, query: CompiledQuery) => CompiledQuery;
  /** `null` for a query that came once. */
  readonly #known = new WeakMap<RootOperationNode, Template | null>();

  /** @param db compiles trees as they are */
  constructor(db: Kysely<any>) {
    this.#compile = (node, { queryId }) => db.getExecutor().compileQuery(node, queryId);
  }

  /**
   * What is to run for a query that came before.
   *
   * @param make makes the statement, with these values
   * @returns `undefined` for a query that comes the first time
   */
  get(
    query: CompiledQuery,
    values: SharedValues,
    make: (values: SharedValues) => PostgresStatement,
  ): { readonly statement: PostgresStatement; readonly query: CompiledQuery } | undefined {
    let template = this.#known.get(query.query);
    if (template === undefined) {
      this.#known.set(query.query, null);
      return undefined;
    }
    if (template === null) this.#known.set(query.query, template = this.#make(query, make));
    const parameters = template.values.map((source) =>
      "entry" in source
        ? values[source.entry]
        : "parameter" in source
        ? query.parameters[source.parameter]
        : source.value
    );
    const { statement, sql } = template;
    return {
      statement,
      query: { query: statement.node, sql, parameters, queryId: query.queryId },
    };
  }

  #make(query: CompiledQuery, make: (values: SharedValues) => PostgresStatement): Template {
    // They go to the parameters of the compiled statement, where they are found again.
    const statement = make(STAND_INS as unknown as SharedValues);
    const { sql, parameters } = this.#compile(statement.node, query);
    const own = this.#compile(query.query, query).parameters;
    const values = parameters.map((value): Source => {
      const entry = NAMES.find((name) => STAND_INS[name] === value);
      if (entry !== undefined) return { entry };
      // What stands for a value in the tree is an object of its own.
      const parameter = typeof value === "object" && value !== null ? own.indexOf(value) : -1;
      return parameter < 0 ? { value } : { parameter };
    });
    return { statement, sql, values };
  }
}
