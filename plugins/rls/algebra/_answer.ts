import {
  type Attributes,
  columnFor,
  type DialectName,
  type PluginHost,
  type TableReference,
} from "@kysera/executor";
import type { ExpressionWrapper } from "kysely";
import { type Formula, leavesOf, type Refusal } from "./_algebra.ts";
import { isExempt } from "./_bypass.ts";
import type { ContextSource } from "../context/_context_source.ts";
import { formOf, hasRowFunctions } from "./_predicate.ts";
import { commandOf, formulasAt, type Site } from "./_site.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSContextError } from "../contract/errors.ts";
import type { Inside } from "../policy/_relation_sql.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/** What the policies come to at a place of a query, for a caller. */
export interface Answer {
  readonly context: RLSContext | undefined;
  /** What the SQL depends on, except its values. */
  readonly key: string;
  /** The values, in the order that the SQL has them in. */
  readonly values: readonly unknown[];
  /** `undefined` where the policies are not for the caller. */
  readonly formulas: readonly Formula[] | undefined;
  /** Set where no row can pass. */
  readonly refusal: Refusal | undefined;
  /** Whether some condition has to be asked about each row. */
  readonly asksForRows: boolean;
}

/** A place of a query, and how to ask what the policies come to there. */
export interface Place {
  readonly site: Site;
  readonly table: CompiledTable;
  readonly dialect: DialectName;
  readonly column: (name: string) => ExpressionWrapper<any, any, any>;
  /** Returns what is wrong with the name of a column; `undefined` where nothing is known to be. */
  readonly problemOf: ((column: string) => string | undefined) | undefined;
  /** How related tables are written. */
  readonly inside?: Inside | undefined;
  /** Of a MERGE: what it does. */
  readonly actions: readonly string[] | undefined;
}

/**
 * Asks what the policies come to at a place, once for each context: conditions depend on nothing else.
 */
export function askerOf(
  place: Place,
  source: ContextSource,
  bypassRoles: readonly string[],
): (attributes: Attributes | undefined, run: object) => Answer {
  return perContext(
    source,
    place.table,
    (attributes, run) => answerAt(place, attributes, source, bypassRoles, run),
  );
}

/** Keeps what was answered for a context, which is frozen, for as long as the context is there. */
export function perContext<A extends Answer>(
  source: ContextSource,
  { table }: CompiledTable,
  ask: (attributes: Attributes | undefined, run: object) => A,
): (attributes: Attributes | undefined, run: object) => A {
  const known = new WeakMap<RLSContext, A>();
  return (attributes, run) => {
    const context = source.of(attributes, table, run);
    const before = context === undefined ? undefined : known.get(context);
    if (before !== undefined) return before;
    const answer = ask(attributes, run);
    if (answer.context !== undefined) known.set(answer.context, answer);
    return answer;
  };
}

/** Asks what the policies come to. */
export function answerAt(
  place: Place,
  attributes: Attributes | undefined,
  source: ContextSource,
  bypassRoles: readonly string[],
  run: object,
): Answer {
  const { site, table, dialect } = place;
  const context = source.of(attributes, table.table, run);
  if (context === undefined) {
    return {
      context,
      key: "nobody",
      values: [],
      formulas: [],
      refusal: {
        command: commandOf(site),
        policies: [],
        reason: "no security context is bound; bind a context",
      },
      asksForRows: false,
    };
  }
  if (isExempt(context, table, bypassRoles)) {
    return {
      context,
      key: "exempt",
      values: [],
      formulas: undefined,
      refusal: undefined,
      asksForRows: false,
    };
  }
  const formulas = formulasAt(site, table, { ...place, context }, place.actions);
  return {
    context,
    ...formOf(formulas, dialect),
    formulas,
    refusal: formulas.find(({ refusal }) => refusal !== undefined)?.refusal,
    asksForRows: hasRowFunctions(formulas),
  };
}

/**
 * The values of an answer, read again for each run of a query: what was compiled for one caller is
 * good for every other for whom the answer is of the same form.
 */
export class LateAnswer {
  readonly #ask: (attributes: Attributes | undefined, run: object) => Answer;
  readonly #stamped: ReadStamp | undefined;
  readonly #stamps: readonly (string | undefined)[];
  readonly #key: string;
  #last: Answer;
  #run: object | undefined;

  /**
   * @param made the answer that the query is made of
   * @param ask asks again, for the caller of a run
   * @param stamped reads what is stamped in a run, where new rows are asked about
   */
  constructor(
    made: Answer,
    ask: (attributes: Attributes | undefined, run: object) => Answer,
    stamped?: ReadStamp,
  ) {
    this.#ask = ask;
    this.#stamped = stamped;
    this.#stamps = stamped === undefined ? [] : stampsOf(made.formulas ?? []);
    this.#last = made;
    this.#key = made.key;
  }

  /** Reads one of the values. */
  value(index: number): (attributes: Attributes | undefined, run: object) => unknown {
    const stamp = this.#stamps[index];
    return (attributes, run) => {
      if (run !== this.#run) {
        this.#last = this.#ask(attributes, run);
        this.#run = run;
        if (this.#last.key !== this.#key) {
          throw new RLSContextError(
            "Cannot run the query: who is asking changed while it was made",
          );
        }
      }
      return stamp === undefined
        ? this.#last.values[index]
        : this.#stamped!(stamp, attributes, run);
    };
  }
}

/** Reads the value that is stamped on a column in a run: it is the same for all of the run. */
export type ReadStamp = (
  column: string,
  attributes: Attributes | undefined,
  run: object,
) => unknown;

/** The columns whose stamps the values of an answer are, in their order. */
function stampsOf(formulas: readonly Formula[]): (string | undefined)[] {
  return formulas.flatMap(leavesOf).flatMap(({ policy, verdict }) =>
    verdict.kind === "sql"
      ? verdict.values.map(() => undefined)
      : verdict.kind === "columns"
      ? verdict.terms.flatMap(({ values }) => values.map(() => policy.stamps))
      : []
  );
}

/** How the columns of a reference are written. */
export function columnOf(
  reference: TableReference,
  physical: (column: string) => string,
): (name: string) => ExpressionWrapper<any, any, any> {
  return (name) => reference.column(physical(name));
}

/** How the tables that are related to that of a reference are written. */
export function insideOf(
  { schema }: Pick<TableReference, "schema">,
  host: NameHost,
): Inside {
  return {
    schema,
    columnFor: (name) => columnFor(host, name),
    tableFor(name) {
      const physical = host.physicalName(name);
      // Letter case is the catalog's: where nothing else differs, the name is as it was declared.
      return physical.toLowerCase() !== name.toLowerCase() &&
          host.physicalName(physical) === physical
        ? physical
        : name;
    },
  };
}

type NameHost = Pick<PluginHost, "physicalName" | "physicalColumn">;
