import {
  type Attributes,
  columnFor,
  type ColumnMask,
  type HookContext,
  type PluginHost,
  type TableReference,
} from "@kysera/executor";
import { expressionBuilder, ExpressionWrapper, type OperationNode, ParensNode } from "kysely";
import type { Formula } from "../algebra/_algebra.ts";
import {
  type Answer,
  columnOf,
  insideOf,
  LateAnswer,
  perContext,
  type Place,
} from "../algebra/_answer.ts";
import { isExempt } from "../algebra/_bypass.ts";
import type { ContextSource } from "../context/_context_source.ts";
import { formOf, predicateOf } from "../algebra/_predicate.ts";
import { formatValue } from "../policy/_sql.ts";
import { verdictOf } from "../algebra/_verdict.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSPolicyEvaluationError } from "../contract/errors.ts";
import type { CompiledPolicy, CompiledTable } from "../policy/policy_registry.ts";

/** What a mask is made with. */
export interface MaskSetting {
  readonly host: PluginHost;
  readonly source: ContextSource;
  readonly bypassRoles: readonly string[];
  /** The columns of the table, as the database has them. */
  readonly columns: readonly string[];
  /** Returns what is wrong with the name of a column; `undefined` where nothing is known to be. */
  readonly problemOf: Place["problemOf"];
}

/** What the caller may do with the columns that have rules. */
interface Rights extends Answer {
  /** Of each column that has a rule about reading: whether it may be read, or of which rows. */
  readonly readable: ReadonlyMap<string, boolean | Formula>;
  readonly unwritable: readonly string[];
}

/** The columns of a reference that its caller may not read or write. */
export function maskOf(
  table: CompiledTable,
  reference: TableReference,
  context: HookContext,
  setting: MaskSetting,
): ColumnMask | undefined {
  const { host } = setting;
  const column = columnOf(reference, (name) => columnFor(host, name));
  const ask = perContext(
    setting.source,
    table,
    (attributes, run) => rightsOf(table, reference, column, attributes, setting, run),
  );
  const rights = context.cached(ask, ({ key }) => key);
  const late = new LateAnswer(rights, ask);
  const hidden: Record<string, unknown> = {};
  let next = 0;
  for (const [name, readable] of rights.readable) {
    if (readable === true) continue;
    const { mask = null } = table.columns[name]!;
    const instead = formatValue(mask, host.dialect);
    const key = columnFor(host, name);
    if (readable === false) {
      hidden[key] = instead;
      continue;
    }
    const node = predicateOf(
      [readable],
      column,
      () => context.value(late.value(next++)).toOperationNode(),
    );
    hidden[key] = eb.case().when(wrap(node!)).then(column(name)).else(instead).end();
  }
  const { unwritable } = rights;
  if (Object.keys(hidden).length === 0 && unwritable.length === 0) return undefined;
  return {
    columns: setting.columns,
    hidden,
    unwritable: unwritable.map((name) => columnFor(host, name)),
  };
}

const eb = expressionBuilder<any, any>();

function wrap(node: OperationNode): ExpressionWrapper<any, any, any> {
  return new ExpressionWrapper(ParensNode.create(node));
}

function rightsOf(
  table: CompiledTable,
  reference: TableReference,
  column: ReturnType<typeof columnOf>,
  attributes: Attributes | undefined,
  { source, bypassRoles, host, problemOf }: MaskSetting,
  run: object,
): Rights {
  const context = source.of(attributes, table.table, run);
  const none: Rights = {
    context,
    key: "all",
    values: [],
    formulas: undefined,
    refusal: undefined,
    asksForRows: false,
    readable: new Map(),
    unwritable: [],
  };
  // Without a caller there are no rows either.
  if (context === undefined || isExempt(context, table, bypassRoles)) return none;
  const { operation } = reference;
  const isWritten = operation !== "select" && operation !== "delete";
  const { readable, unwritable } = columnRightsOf(table, context, isWritten, {
    dialect: host.dialect,
    column,
    problemOf,
    inside: insideOf(reference, host),
  });
  const values: unknown[] = [];
  let key = "";
  for (const [name, right] of readable) {
    if (typeof right === "boolean") {
      key += `${name}:${right};`;
    } else {
      const form = formOf([right], host.dialect);
      values.push(...form.values);
      key += `${name}:${form.key};`;
    }
  }
  for (const name of unwritable) key += `${name}!;`;
  return { ...none, key, values, readable, unwritable };
}

/** What a caller may do with the columns of a table that have rules. */
export interface ColumnRights {
  /** Of each of them: whether it may be read, or of which rows. */
  readonly readable: ReadonlyMap<string, boolean | Formula>;
  /** Those that may not be written, where it is asked. */
  readonly unwritable: readonly string[];
}

/**
 * Asks the rules of columns for a caller.
 *
 * @throws {RLSPolicyEvaluationError} if a rule about reading is a function of the row
 */
export function columnRightsOf(
  table: CompiledTable,
  context: RLSContext,
  isWritten: boolean,
  how: Pick<Place, "dialect" | "column" | "problemOf" | "inside">,
): ColumnRights {
  const readable = new Map<string, boolean | Formula>();
  const unwritable: string[] = [];
  for (const [name, { read = true, write = true }] of Object.entries(table.columns)) {
    const policy = `columns.${name}`;
    const verdict = verdictOf(read, {
      ...how,
      table: table.table,
      policy,
      operation: "read",
      context,
    });
    if (typeof verdict === "boolean") {
      readable.set(name, verdict);
    } else if (verdict.kind === "rows") {
      throw new RLSPolicyEvaluationError(
        { operation: "read", table: table.table },
        policy,
        "it is a function of the row, and rows are read by the database; write a predicate instead: " +
          "(ctx) => ({ owner_id: ctx.auth.userId })",
      );
    } else {
      readable.set(name, {
        command: "read",
        side: "using",
        permissive: undefined,
        restrictive: [{ policy: named(policy, table), negated: false, verdict, step: 0 }],
        refusal: undefined,
      });
    }
    if (isWritten && !(typeof write === "function" ? write(context) === true : write)) {
      unwritable.push(name);
    }
  }
  return { readable, unwritable };
}

/** A rule of a column has a name like a policy. */
function named(name: string, { table }: CompiledTable): CompiledPolicy {
  return {
    name,
    table,
    type: "filter",
    permissive: false,
    commands: new Set(["read"]),
    using: undefined,
    check: true,
    priority: 0,
    hints: {},
    message: undefined,
  };
}
