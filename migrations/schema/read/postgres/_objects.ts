import type { SchemaColumn, SchemaIdentity } from "../../snapshot/schema_column.ts";
import type { SchemaRoutine } from "../../snapshot/schema_routine.ts";
import type {
  ForeignKeyAction,
  SchemaCheck,
  SchemaExclusion,
  SchemaForeignKey,
  SchemaIndex,
  SchemaKey,
  SchemaPolicy,
  SchemaTrigger,
} from "../../snapshot/schema_table.ts";
import type { SchemaType, SchemaTypeKind } from "../../snapshot/schema_type.ts";
import { compareTexts } from "../../snapshot/_order.ts";
import type { PolicyRow, RoutineRow, TriggerRow } from "./_behaviour.ts";
import type { ConstraintRow, IndexRow } from "./_constraints.ts";
import type { ColumnRow, RelationRow } from "./_relations.ts";
import type { Scope } from "./_scope.ts";
import { sequenceOptions } from "./_sequence_options.ts";

const TYPE_KINDS: Readonly<Record<string, SchemaTypeKind>> = {
  b: "base",
  p: "base",
  c: "composite",
  d: "domain",
  e: "enum",
  r: "range",
  m: "multirange",
};

/** Returns a type as a snapshot has it. */
export function typeOf(
  row: Pick<ColumnRow, "type" | "type_name" | "type_schema" | "type_kind" | "is_array">,
  scope: Scope,
): SchemaType {
  return {
    text: row.type,
    name: row.type_name,
    schema: scope.nameOf(row.type_schema),
    kind: TYPE_KINDS[row.type_kind] ?? "base",
    array: row.is_array,
    values: [],
  };
}

/** Returns a column as a snapshot has it. */
export function columnOf(row: ColumnRow, scope: Scope): SchemaColumn {
  const isGenerated = row.generated !== "" && row.default !== null;
  return {
    name: row.name,
    type: typeOf(row, scope),
    nullable: !row.not_null,
    default: isGenerated ? null : row.default,
    onUpdate: null,
    generated: isGenerated ? { expression: row.default!, stored: row.generated === "s" } : null,
    identity: row.identity === "" ? null : {
      kind: row.identity === "a" ? "always" : "by default",
      options: identityOptions(row),
    },
    collation: row.collation_schema === null
      ? row.collation
      : `${row.collation_schema}.${row.collation}`,
    hidden: false,
    inherited: !row.local,
    comment: row.comment,
  };
}

function identityOptions(row: ColumnRow): SchemaIdentity["options"] {
  if (row.start === null) return null;
  const options = sequenceOptions({
    type: row.sequence_type!,
    start: row.start,
    increment: row.increment!,
    minimum: row.minimum!,
    maximum: row.maximum!,
    cache: row.cache!,
    cycle: row.cycle!,
  });
  return options === "" ? null : options;
}

/** Returns a primary key or a unique constraint as a snapshot has it. */
export function keyOf(row: ConstraintRow): SchemaKey {
  return {
    name: row.name,
    columns: row.columns ?? [],
    definition: row.definition,
    inherited: row.inherited,
    comment: row.comment,
  };
}

const ACTIONS: Readonly<Record<string, ForeignKeyAction>> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};

/** Returns a foreign key as a snapshot has it. */
export function foreignKeyOf(row: ConstraintRow, scope: Scope): SchemaForeignKey {
  return {
    name: row.name,
    columns: row.columns ?? [],
    referencedSchema: scope.nameOf(row.referenced_schema!),
    referencedTable: row.referenced_table!,
    referencedColumns: row.referenced_columns ?? [],
    onUpdate: ACTIONS[row.on_update]!,
    onDelete: ACTIONS[row.on_delete]!,
    deferrable: !row.deferrable
      ? "no"
      : row.deferred
      ? "initially deferred"
      : "initially immediate",
    validated: row.validated,
    definition: row.definition,
    inherited: row.inherited,
    comment: row.comment,
  };
}

/** Returns a check as a snapshot has it. */
export function checkOf(row: ConstraintRow): SchemaCheck {
  return {
    name: row.name,
    expression: row.expression ?? "",
    validated: row.validated,
    definition: row.definition,
    inherited: row.inherited,
    comment: row.comment,
  };
}

/** Returns an exclusion constraint as a snapshot has it. */
export function exclusionOf(row: ConstraintRow): SchemaExclusion {
  const { name, definition, inherited, comment } = row;
  return { name, definition, inherited, comment };
}

/** Returns an index as a snapshot has it. */
export function indexOf(row: IndexRow, scope: Scope): SchemaIndex {
  return {
    name: row.name,
    unique: row.unique,
    method: row.method,
    parts: row.parts.map((part) => ({
      column: part.column,
      expression: part.expression,
      order: part.descending ? "desc" : "asc",
      nulls: part.nulls_first ? "first" : "last",
      prefix: null,
      collation: part.collation,
    })),
    include: row.include ?? [],
    predicate: row.predicate,
    valid: row.valid,
    definition: withoutSchema(row, scope),
    inherited: row.inherited,
    comment: row.comment,
  };
}

/** The catalog always writes the schema of the table of an index; the default one goes. */
function withoutSchema(row: IndexRow, scope: Scope): string {
  for (const head of [row.head, `${row.head}ONLY `]) {
    const prefix = `${head}${row.quoted_schema}.`;
    if (row.definition.startsWith(prefix) && scope.isDefault(row.quoted_schema)) {
      return head + row.definition.slice(prefix.length);
    }
  }
  return row.definition;
}

// The bits of `pg_trigger.tgtype`.
const ROW = 1;
const BEFORE = 2;
const INSTEAD = 64;
const EVENTS: readonly (readonly [number, string])[] = [
  [8, "delete"],
  [4, "insert"],
  [32, "truncate"],
  [16, "update"],
];
const ENABLED = { O: "yes", D: "no", R: "replica", A: "always" } as const;

/** Returns a trigger as a snapshot has it. */
export function triggerOf(row: TriggerRow): SchemaTrigger {
  return {
    name: row.name,
    timing: (row.type & INSTEAD) !== 0
      ? "instead of"
      : (row.type & BEFORE) !== 0
      ? "before"
      : "after",
    events: EVENTS.filter(([bit]) => (row.type & bit) !== 0).map(([, event]) => event),
    level: (row.type & ROW) !== 0 ? "row" : "statement",
    enabled: ENABLED[row.enabled],
    definition: row.definition,
    comment: row.comment,
  };
}

const COMMANDS = { "*": "all", r: "select", a: "insert", w: "update", d: "delete" } as const;

/** Returns a policy as a snapshot has it. */
export function policyOf(row: PolicyRow): SchemaPolicy {
  return {
    name: row.name,
    command: COMMANDS[row.command],
    permissive: row.permissive,
    roles: [...row.roles].sort(compareTexts),
    using: row.using,
    withCheck: row.with_check,
    comment: row.comment,
  };
}

const ROUTINE_KINDS = { f: "function", w: "function", p: "procedure", a: "aggregate" } as const;

/** Returns a routine as a snapshot has it. */
export function routineOf(row: RoutineRow, scope: Scope): SchemaRoutine {
  const kind = ROUTINE_KINDS[row.kind];
  const head = `CREATE OR REPLACE ${kind.toUpperCase()} `;
  const prefix = `${head}${row.quoted_schema}.`;
  const isDefault = scope.isDefault(row.quoted_schema);
  return {
    schema: scope.nameOf(row.schema),
    name: row.name,
    kind,
    parameters: row.parameters,
    returns: row.returns,
    definition: isDefault && row.definition.startsWith(prefix)
      ? head + row.definition.slice(prefix.length)
      : row.definition,
    comment: row.comment,
  };
}

const IDENTITIES: Readonly<Record<string, string>> = { f: "full", n: "nothing" };

/** Returns the options of a table or a view, sorted by name. */
export function optionsOf(row: RelationRow): Record<string, string> {
  const options: [string, string][] = (row.options ?? []).map((option) => {
    const at = option.indexOf("=");
    return [option.slice(0, at), option.slice(at + 1)];
  });
  if (row.unlogged) options.push(["unlogged", "true"]);
  if (row.access_method !== null && row.access_method !== "heap") {
    options.push(["access method", row.access_method]);
  }
  const identity = row.replica_identity === "i"
    ? `index ${row.replica_index}`
    : IDENTITIES[row.replica_identity];
  if (identity !== undefined && (row.kind === "r" || row.kind === "p")) {
    options.push(["replica identity", identity]);
  }
  return Object.fromEntries(options.sort(([a], [b]) => compareTexts(a, b)));
}
