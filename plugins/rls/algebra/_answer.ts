import {
  type Attributes,
  columnFor,
  type DialectName,
  type PluginHost,
  type TableReference,
} from "@kysera/executor";
import type { ExpressionWrapper } from "kysely";
import { answersTo, type Formula, leavesOf, type Refusal, type Step, stepsOf } from "./_algebra.ts";
import { isExempt } from "./_bypass.ts";
import { RowColumn } from "./_comparison.ts";
import type { ContextSource } from "../context/_context_source.ts";
import { formOf, hasRowFunctions } from "./_predicate.ts";
import { commandOf, commandsAt, type Compared, formulasAt, type Site } from "./_site.ts";
import { Template } from "./_template.ts";
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

/** Asks what the policies come to, for the caller of a run. */
export type Ask = (attributes: Attributes | undefined, run: object) => Answer;

/**
 * Asks what the policies come to at a place, once for each context: conditions depend on nothing else.
 *
 * @param isPicked whether the executor keeps the answers of contexts that are bound
 */
export function askerOf(
  place: Place,
  source: ContextSource,
  bypassRoles: readonly string[],
  isPicked: boolean = false,
): Ask {
  const asker = new PolicyAsker(place, source, bypassRoles);
  return perContext(
    source,
    place.table,
    (attributes, run) => asker.ask(attributes, run),
    isPicked,
  );
}

/**
 * Keeps what was answered for a context, which is frozen, for as long as the context is there.
 *
 * @param isPicked whether the executor keeps the answers of contexts that are bound
 */
export function perContext<A extends Answer>(
  source: ContextSource,
  { table }: CompiledTable,
  ask: (attributes: Attributes | undefined, run: object) => A,
  isPicked: boolean = false,
): (attributes: Attributes | undefined, run: object) => A {
  const known = new WeakMap<object, A>();
  // One query asks several times.
  let last: object | undefined;
  let answered: A | undefined;
  return (attributes, run) => {
    const key = source.keyOf(attributes, table, run);
    if (key === undefined) return ask(attributes, run);
    if (key === last) return answered!;
    // To put a context into a weak map costs more than to ask a policy.
    const isKept = !isPicked || key !== attributes;
    const before = isKept ? known.get(key) : undefined;
    answered = before ?? ask(attributes, run);
    last = key;
    if (isKept && before === undefined) known.set(key, answered);
    return answered;
  };
}

/** Asks what the policies come to, of whom nothing is known yet. */
export function answerAt(
  place: Place,
  attributes: Attributes | undefined,
  source: ContextSource,
  bypassRoles: readonly string[],
  run: object,
): Answer {
  return new PolicyAsker(place, source, bypassRoles).ask(attributes, run);
}

/** How many forms the answers of a place are compared with. */
const MOST_TEMPLATES = 8;

/**
 * Asks what the policies come to at a place. Most callers are answered as others were before: then
 * nothing but the values of the answers is looked at.
 */
export class PolicyAsker {
  readonly #place: Place;
  readonly #source: ContextSource;
  readonly #bypassRoles: readonly string[];
  readonly #steps: readonly Step[];
  readonly #templates: Template[] = [];
  /** Whether it is worth looking at answers: the place is asked for more than one caller, .. */
  #comesAgain = false;
  /** .. and its policies can be asked without a row. */
  #asksForRows = false;

  constructor(place: Place, source: ContextSource, bypassRoles: readonly string[]) {
    const { site, table, actions } = place;
    this.#place = place;
    this.#source = source;
    this.#bypassRoles = bypassRoles;
    this.#steps = commandsAt(site, actions)
      .flatMap(([command, side]) => stepsOf(table, command, side));
  }

  /** Asks what the policies come to. */
  ask(attributes: Attributes | undefined, run: object): Answer {
    const { site, table } = this.#place;
    const context = this.#source.of(attributes, table.table, run);
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
    if (isExempt(context, table, this.#bypassRoles)) {
      return {
        context,
        key: "exempt",
        values: [],
        formulas: undefined,
        refusal: undefined,
        asksForRows: false,
      };
    }
    const answers = this.#comesAgain && !this.#asksForRows
      ? answersTo(this.#steps, this.#place, context)
      : undefined;
    this.#comesAgain = true;
    if (answers === undefined) return this.#made(context, undefined);
    for (const template of this.#templates) {
      const values = template.valuesOf(answers);
      if (values === undefined) continue;
      return new TemplateAnswer(context, template, values, answers);
    }
    return this.#made(context, answers);
  }

  #formulas(
    context: RLSContext,
    answers: readonly unknown[] | undefined,
    compared: Compared[],
  ): readonly Formula[] {
    const { site, table, actions } = this.#place;
    return formulasAt(site, table, { ...this.#place, context, answers }, actions, compared);
  }

  #made(context: RLSContext, answers: readonly unknown[] | undefined): Answer {
    const { dialect } = this.#place;
    const compared: Compared[] = [];
    const formulas = this.#formulas(context, answers, compared);
    const form = formOf(formulas, dialect);
    const refusal = formulas.find(({ refusal }) => refusal !== undefined)?.refusal;
    const asksForRows = hasRowFunctions(formulas);
    if (asksForRows) this.#asksForRows = true;
    if (answers !== undefined) {
      const known = { steps: this.#steps, answers, formulas, compared, refusal, ...form };
      const template = Template.of(known, dialect);
      if (template !== undefined) {
        if (this.#templates.length >= MOST_TEMPLATES) this.#templates.pop();
        this.#templates.unshift(template);
      }
    }
    return { context, ...form, formulas, refusal, asksForRows };
  }
}

/** An answer like that of another caller. */
class TemplateAnswer implements Answer {
  readonly context: RLSContext;
  readonly key: string;
  readonly values: readonly unknown[];
  readonly refusal: Refusal | undefined;
  readonly #template: Template;
  readonly #answers: readonly unknown[];
  #formulas: readonly Formula[] | undefined;

  constructor(
    context: RLSContext,
    template: Template,
    values: readonly unknown[],
    answers: readonly unknown[],
  ) {
    this.context = context;
    this.key = template.key;
    this.values = values;
    this.refusal = template.refusal;
    this.#template = template;
    this.#answers = answers;
  }

  /** Asked for by those who look at rows: the SQL was made of those of another caller. */
  get formulas(): readonly Formula[] {
    return this.#formulas ??= this.#template.formulasOf(this.#answers);
  }

  get asksForRows(): boolean {
    return false;
  }
}

/**
 * Returns what takes a value of the answer of another caller, who is answered alike.
 *
 * @param made the answer that the query is made of
 */
export function valueAt(index: number, { key }: Answer): (answer: Answer) => unknown {
  return (answer) => {
    if (answer.key === key) return answer.values[index];
    throw new RLSContextError("Cannot run the query: who is asking changed while it was made");
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

/** Returns columns as one object for each name. */
export function keeping(column: Place["column"]): Place["column"] {
  const known = new Map<string, RowColumn>();
  return (name) => {
    let made = known.get(name);
    if (made === undefined) {
      // A function may make up names.
      if (known.size >= MOST_COLUMNS) known.clear();
      known.set(name, made = new RowColumn(column(name).toOperationNode()));
    }
    return made;
  };
}

const MOST_COLUMNS = 1_000;

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
