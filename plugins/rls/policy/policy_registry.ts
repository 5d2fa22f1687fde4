import { defineRLSSchema } from "./define_rls_schema.ts";
import { COMMANDS, commandsOf } from "./_make_policy.ts";
import { RelationCompiler } from "./_relation_sql.ts";
import { SchemaRelations } from "./_schema_relations.ts";
import type { RLSContext } from "../contract/context.ts";
import type {
  ColumnRule,
  Policy,
  PolicyCommand,
  PolicyCondition,
  PolicyHints,
  PolicyType,
  RLSSchema,
  StampValue,
  TableRLSConfig,
  Tenancy,
} from "../contract/policy.ts";

/** A policy, ready to be evaluated. */
export interface CompiledPolicy {
  /** Its name: the one it was given, or made up of its type, operation and place. */
  readonly name: string;
  /** The table, as the schema names it. */
  readonly table: string;
  /** The kind. */
  readonly type: PolicyType;
  /** Whether it is one of those of which one is enough: `allow`. */
  readonly permissive: boolean;
  /** The operations, one by one. */
  readonly commands: ReadonlySet<PolicyCommand>;
  /** Which rows exist (of `deny`: which do not); `undefined` of `validate`. */
  readonly using: PolicyCondition<any> | undefined;
  /** What new rows must satisfy (of `deny`: must not). */
  readonly check: PolicyCondition<any>;
  /** Which is asked first. */
  readonly priority: number;
  /** What helps a database. */
  readonly hints: PolicyHints;
  /** What the user is told where it refuses. */
  readonly message: string | undefined;
  /** Set where it is what `stamp` asks of new rows: the column. */
  readonly stamps?: string;
  /** Set where it is what `tenancy` asks of all rows: the column. It grants nothing. */
  readonly distributes?: string;
}

/** The policies of a table, ready to be evaluated. */
export interface CompiledTable {
  /** The name of the table, as the schema has it: `posts` or `app.posts`. */
  readonly table: string;
  /** The policies, those of higher priority first. */
  readonly policies: readonly CompiledPolicy[];
  /** Whether what no policy is about is denied. */
  readonly defaultDeny: boolean;
  /** Roles that the policies are not for. */
  readonly skipFor: readonly string[];
  /** The columns that the schema names as the key; `undefined` for those of the catalog. */
  readonly primaryKey: readonly string[] | undefined;
  /** What the table is distributed by; `false` where the schema says that it is not. */
  readonly tenancy: Tenancy | false | undefined;
  /** What an INSERT sets by itself. */
  readonly stamp: Readonly<Record<string, StampValue>>;
  /** The columns that not everybody may read or write. */
  readonly columns: Readonly<Record<string, ColumnRule<any>>>;
}

/**
 * A schema of policies, compiled: what the plugin, the generator of `CREATE POLICY` and `can` read.
 *
 * @example
 * ```ts
 * import { allow, defineRLSSchema, filter, PolicyRegistry } from "@kysera/rls";
 * import assert from "node:assert/strict";
 *
 * const registry = new PolicyRegistry(defineRLSSchema({
 *   posts: {
 *     policies: [
 *       allow("update", { status: "draft" }, { name: "drafts" }),
 *       filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
 *     ],
 *   },
 * }));
 * assert.deepEqual(registry.table("posts")!.policies.map(({ name }) => name), [
 *   "drafts",
 *   "filter_read_2",
 * ]);
 * ```
 */
export class PolicyRegistry {
  readonly #tables: ReadonlyMap<string, CompiledTable>;

  /**
   * Compiles a schema.
   *
   * @param schema the schema
   * @throws {RLSSchemaError} where something in it is unknown, empty or makes no sense; where policies
   * that follow relations come to look at their own table again
   */
  constructor(schema: RLSSchema<any>) {
    const checked = defineRLSSchema<any>(schema);
    const relations = new SchemaRelations(checked, (table) => this.#tables.get(table));
    relations.check();
    const compiler = new RelationCompiler(relations);
    this.#tables = new Map(
      Object.entries<TableRLSConfig<any> | undefined>(checked)
        .map(([table, config]) => [table, compileTable(table, config!, compiler)]),
    );
  }

  /** The tables, in the order of the schema. */
  tables(): readonly CompiledTable[] {
    return [...this.#tables.values()];
  }

  /**
   * A table.
   *
   * @param name the name, as the schema has it
   */
  table(name: string): CompiledTable | undefined {
    return this.#tables.get(name);
  }
}

function compileTable(
  table: string,
  config: TableRLSConfig<any>,
  compiler: RelationCompiler,
): CompiledTable {
  const { policies, defaultDeny = true, skipFor = [], primaryKey } = config;
  const taken = new Set(policies.map(({ name }) => name));
  // The types of a schema say which columns; here they are names.
  const stamp = (config.stamp ?? {}) as Readonly<Record<string, StampValue>>;
  const { tenancy } = config;
  const compiled = [
    ...policies.map((policy, i) => compilePolicy(policy, table, i, taken, compiler)),
    ...Object.entries(stamp).map(([column, value]) => stampPolicy(table, column, value, taken)),
    ...tenancy ? [tenancyPolicy(table, tenancy, taken)] : [],
  ];
  return Object.freeze({
    table,
    // The sort is stable: of the same priority the first one stays first.
    policies: Object.freeze(compiled.sort((a, b) => b.priority - a.priority)),
    defaultDeny,
    skipFor,
    primaryKey: typeof primaryKey === "string" ? Object.freeze([primaryKey]) : primaryKey,
    tenancy,
    stamp: tenancy && !Object.hasOwn(stamp, tenancy.distributionColumn)
      ? { ...stamp, [tenancy.distributionColumn]: tenancy.value }
      : stamp,
    columns: compileColumns(table, config.columns ?? {}, compiler),
  });
}

function compileColumns(
  table: string,
  columns: NonNullable<TableRLSConfig<any>["columns"]>,
  compiler: RelationCompiler,
): Readonly<Record<string, ColumnRule<any>>> {
  return Object.fromEntries(
    Object.entries<ColumnRule<any> | undefined>(columns).map(([column, rule]) => {
      if (rule?.read === undefined) return [column, rule!];
      return [column, { ...rule, read: compiler.compile(rule.read, table, `columns.${column}`) }];
    }),
  );
}

function compilePolicy(
  policy: Policy<any>,
  table: string,
  index: number,
  taken: ReadonlySet<string | undefined>,
  compiler: RelationCompiler,
): CompiledPolicy {
  const { type, condition, check, priority = 0, hints = {}, message } = policy;
  const name = policy.name ?? madeUpName(policy, index, taken);
  const using = compiler.compile(condition, table, name);
  return Object.freeze({
    name,
    table,
    type,
    permissive: type === "allow",
    commands: commandsOf(policy),
    using: type === "validate" ? undefined : using,
    check: check === undefined || check === condition
      ? using
      : compiler.compile(check, table, name),
    priority,
    hints,
    message,
  });
}

/** What is stamped is checked as well: an INSERT may not give another value. */
function stampPolicy(
  table: string,
  column: string,
  value: StampValue<any>,
  taken: ReadonlySet<string | undefined>,
): CompiledPolicy {
  let name = `stamp_${column}`;
  while (taken.has(name)) name += "_";
  return Object.freeze({
    name,
    table,
    type: "validate",
    permissive: false,
    commands: new Set<PolicyCommand>(["create"]),
    using: undefined,
    check: typeof value === "function"
      ? (context: RLSContext) => ({ [column]: value(context) })
      : Object.freeze({ [column]: value }),
    priority: 0,
    hints: {},
    message: undefined,
    stamps: column,
  });
}

/** Each row that is read or written is of the caller's tenant. */
function tenancyPolicy(
  table: string,
  { distributionColumn, value }: Tenancy,
  taken: ReadonlySet<string | undefined>,
): CompiledPolicy {
  let name = `tenancy_${distributionColumn}`;
  while (taken.has(name)) name += "_";
  const condition = (context: RLSContext) => ({ [distributionColumn]: value!(context) });
  return Object.freeze({
    name,
    table,
    type: "filter",
    permissive: false,
    commands: new Set<PolicyCommand>(COMMANDS),
    using: condition,
    check: condition,
    // It is found first in each condition.
    priority: Infinity,
    hints: Object.freeze({ indexColumns: Object.freeze([distributionColumn]) }),
    message: undefined,
    distributes: distributionColumn,
  });
}

function madeUpName(
  { type, operation }: Policy<any>,
  index: number,
  taken: ReadonlySet<string | undefined>,
): string {
  let name = `${type}_${operation.join("_")}_${index + 1}`;
  while (taken.has(name)) name += "_";
  return name;
}
