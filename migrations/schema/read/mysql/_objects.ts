import type { SchemaColumn } from "../../snapshot/schema_column.ts";
import type { SchemaRoutine } from "../../snapshot/schema_routine.ts";
import type {
  ForeignKeyAction,
  SchemaCheck,
  SchemaForeignKey,
  SchemaIndex,
  SchemaPartitioning,
  SchemaTable,
  SchemaTrigger,
} from "../../snapshot/schema_table.ts";
import type { SchemaType } from "../../snapshot/schema_type.ts";
import { groupBy, sorted } from "../../snapshot/_order.ts";
import type {
  CheckRow,
  ColumnRow,
  EventRow,
  ForeignKeyRow,
  IndexRow,
  ParameterRow,
  PartitionRow,
  RoutineRow,
  TableRow,
  TriggerRow,
  ViewRow,
} from "./_rows.ts";
import { literal, quoted, valuesOf } from "./_text.ts";
import type { Variant } from "./_variant.ts";

/** What is read, and how a snapshot names it. */
export interface Databases {
  readonly variant: Variant;
  /** Returns what a snapshot calls a database: `null` for the default one. */
  nameOf(schema: string): string | null;
  /** Returns a text without the name of the default database. */
  textOf(text: string): string;
}

/** Returns a type as a snapshot has it. */
export function typeOf(row: Pick<ColumnRow, "data_type" | "column_type">): SchemaType {
  const name = row.data_type.toLowerCase();
  const kind = name === "enum" || name === "set" ? name : "base";
  return {
    text: row.column_type,
    name,
    schema: null,
    kind,
    array: false,
    values: kind === "base" ? [] : valuesOf(row.column_type),
  };
}

/** Returns a column as a snapshot has it. */
export function columnOf(
  row: ColumnRow,
  tableCollation: string | null,
  databases: Databases,
): SchemaColumn {
  const extra = row.extra.toLowerCase();
  const onUpdate = /\bon update (\S+)/.exec(extra)?.[1] ?? null;
  const isGenerated = extra.includes(" generated") && !!row.expression;
  const value = isGenerated ? null : databases.variant.defaultOf(row);
  return {
    name: row.name,
    type: typeOf(row),
    nullable: row.nullable === "YES",
    default: value === null ? null : databases.textOf(value),
    onUpdate,
    generated: isGenerated
      ? { expression: row.expression!, stored: !extra.includes("virtual generated") }
      : null,
    identity: extra.includes("auto_increment") ? { kind: "auto increment", options: null } : null,
    collation: row.collation === tableCollation ? null : row.collation,
    hidden: extra.includes("invisible"),
    inherited: false,
    comment: row.comment === "" ? null : row.comment,
  };
}

/** Returns the primary key, the unique constraints and the indexes of a table. */
export function indexesOf(
  rows: readonly IndexRow[],
): Pick<SchemaTable, "primaryKey" | "uniques" | "indexes"> {
  const indexes = [...groupBy(rows, ({ name }) => name).values()].map(indexOf);
  const isKey = ({ name }: SchemaIndex) => name === "PRIMARY";
  const isUnique = (index: SchemaIndex) => index.unique && !isKey(index) && isPlain(index);
  const keyOf = ({ name, parts, definition, comment }: SchemaIndex) => ({
    name,
    columns: parts.map(({ column }) => column!),
    definition,
    inherited: false,
    comment,
  });
  const key = indexes.find(isKey);
  return {
    primaryKey: key === undefined ? null : keyOf(key),
    uniques: sorted(indexes.filter(isUnique).map(keyOf)),
    indexes: sorted(indexes.filter((index) => !isKey(index) && !isUnique(index))),
  };
}

/** Whether an index says no more than that columns are unique together. */
function isPlain({ parts, valid, method }: SchemaIndex): boolean {
  return valid && method === "btree" &&
    parts.every(({ column, prefix, order }) =>
      column !== null && prefix === null && order === "asc"
    );
}

function indexOf(rows: readonly IndexRow[]): SchemaIndex {
  const [first] = rows as [IndexRow, ...IndexRow[]];
  const unique = Number(first.non_unique) === 0;
  const method = first.method.toLowerCase();
  const valid = Number(first.is_used) === 1;
  const parts = rows.map((row): SchemaIndex["parts"][number] => ({
    column: row.column,
    expression: row.expression,
    order: row.order === "D" ? "desc" : "asc",
    nulls: row.order === "D" ? "last" : "first",
    prefix: row.prefix === null || isWhole(method) ? null : Number(row.prefix),
    collation: null,
  }));
  const list = parts.map(({ column, expression, order, prefix }) =>
    (column === null ? `(${expression})` : quoted(column)) +
    (prefix === null ? "" : `(${prefix})`) + (order === "desc" ? " desc" : "")
  );
  const kind = first.name === "PRIMARY"
    ? "primary key"
    : method === "fulltext" || method === "spatial"
    ? `${method} key`
    : unique
    ? "unique key"
    : "key";
  const using = method === "btree" || kind.startsWith(method) ? "" : ` using ${method}`;
  return {
    name: first.name,
    unique,
    method,
    parts,
    include: [],
    predicate: null,
    valid,
    definition: `${kind} (${list.join(", ")})${using}${valid ? "" : " ignored"}`,
    inherited: false,
    comment: first.comment === "" ? null : first.comment,
  };
}

/** Whether an index is always of whole columns, whatever the catalog says of a prefix. */
function isWhole(method: string): boolean {
  return method === "spatial" || method === "rtree";
}

/** Returns a foreign key as a snapshot has it. */
export function foreignKeyOf(
  rows: readonly ForeignKeyRow[],
  databases: Databases,
): SchemaForeignKey {
  const [first] = rows as [ForeignKeyRow, ...ForeignKeyRow[]];
  const schema = databases.nameOf(first.referenced_schema);
  const table = (schema === null ? "" : `${quoted(schema)}.`) + quoted(first.referenced_table);
  const columns = rows.map(({ column }) => column);
  const referencedColumns = rows.map(({ referenced_column }) => referenced_column);
  const onUpdate = actionOf(first.on_update);
  const onDelete = actionOf(first.on_delete);
  return {
    name: first.name,
    columns,
    referencedSchema: schema,
    referencedTable: first.referenced_table,
    referencedColumns,
    onUpdate,
    onDelete,
    deferrable: "no",
    validated: true,
    definition: `foreign key (${columns.map(quoted).join(", ")}) references ${table} (${
      referencedColumns.map(quoted).join(", ")
    }) on delete ${onDelete} on update ${onUpdate}`,
    inherited: false,
    comment: null,
  };
}

function actionOf(rule: string): ForeignKeyAction {
  return rule.toLowerCase() as ForeignKeyAction;
}

/** Returns a check as a snapshot has it. */
export function checkOf(row: CheckRow): SchemaCheck {
  const isEnforced = row.enforced === "YES";
  return {
    name: row.name,
    expression: row.clause,
    validated: isEnforced,
    definition: `check (${row.clause})${isEnforced ? "" : " not enforced"}`,
    inherited: false,
    comment: null,
  };
}

/** Returns the triggers of a table, which are given in the order in which they run. */
export function triggersOf(rows: readonly TriggerRow[]): SchemaTrigger[] {
  return sorted(rows.map((row, i): SchemaTrigger => {
    const before = rows[i - 1];
    const follows = before?.timing === row.timing && before.event === row.event
      ? ` follows ${quoted(before.name)}`
      : "";
    const timing = row.timing.toLowerCase() as SchemaTrigger["timing"];
    const event = row.event.toLowerCase();
    return {
      name: row.name,
      timing,
      events: [event],
      level: "row",
      enabled: "yes",
      definition: `create trigger ${quoted(row.name)} ${timing} ${event} on ${
        quoted(row.table)
      } for each row${follows} ${row.body}`,
      comment: null,
    };
  }));
}

/** Returns how a table is partitioned. */
export function partitioningOf(rows: readonly PartitionRow[]): SchemaPartitioning {
  const [first] = rows;
  if (first === undefined) return { by: null, bound: null };
  const sub = first.sub_method === null
    ? ""
    : ` subpartition by ${first.sub_method.toLowerCase()} (${first.sub_expression ?? ""})`;
  const parts = rows.map(({ name, description }) =>
    quoted(name) + (description === null ? "" : ` values (${description})`)
  );
  return {
    by: `${first.method.toLowerCase()} (${first.expression ?? ""})${sub}`,
    bound: parts.join(", "),
  };
}

/** Returns the options of a table, sorted by name. */
export function tableOptions(row: TableRow): Record<string, string> {
  // That a table is partitioned stands elsewhere.
  const created = (row.options ?? "").replace(/\bpartitioned\b/, "").trim();
  const options: Record<string, string> = {};
  if (row.collation !== null) options["collation"] = row.collation;
  if (created !== "") options["create options"] = created;
  if (row.engine !== null) options["engine"] = row.engine;
  if (row.type === "SYSTEM VERSIONED") options["system versioning"] = "true";
  return options;
}

/** Returns the options of a view that are not the default ones, sorted by name. */
export function viewOptions(row: ViewRow): Record<string, string> {
  const options: [string, string][] = [
    ["algorithm", row.algorithm === "UNDEFINED" ? "" : row.algorithm],
    ["check_option", row.check_option === "NONE" ? "" : row.check_option],
    ["security", row.security === "DEFINER" ? "" : row.security],
  ];
  return Object.fromEntries(
    options.filter(([, value]) => value !== "").map(([name, value]) => [name, value.toLowerCase()]),
  );
}

/** Returns a function or a procedure as a snapshot has it. */
export function routineOf(
  row: RoutineRow,
  parameters: readonly ParameterRow[],
  databases: Databases,
): SchemaRoutine {
  const kind = row.kind.toLowerCase() as "function" | "procedure";
  const list = parameters.map(({ mode, name, type }) =>
    `${kind === "procedure" && mode !== null ? `${mode.toLowerCase()} ` : ""}${
      quoted(name ?? "")
    } ${type}`
  ).join(", ");
  const returns = kind === "function" ? row.returns : null;
  const parts = [
    `create ${kind} ${quoted(row.name)}(${list})`,
    returns === null ? "" : `returns ${returns}`,
    row.deterministic === "YES" ? "deterministic" : "",
    row.access === "CONTAINS SQL" ? "" : row.access.toLowerCase(),
    row.security === "DEFINER" ? "" : `sql security ${row.security.toLowerCase()}`,
    row.body ?? "",
  ];
  return {
    schema: databases.nameOf(row.schema),
    name: row.name,
    kind,
    parameters: list,
    returns,
    definition: parts.filter((part) => part !== "").join(" "),
    comment: row.comment === "" ? null : row.comment,
  };
}

const STATUS: Readonly<Record<string, string>> = {
  ENABLED: "enable",
  DISABLED: "disable",
  SLAVESIDE_DISABLED: "disable on slave",
  REPLICA_SIDE_DISABLED: "disable on replica",
};

/**
 * Returns an event as a snapshot has it, without when it starts: where that is not said it is the
 * moment in which the event was created.
 */
export function eventOf(row: EventRow, databases: Databases): SchemaRoutine {
  const schedule = row.execute_at !== null
    ? `at ${literal(row.execute_at)}`
    : `every ${row.interval_value} ${row.interval_field?.toLowerCase()}${
      row.ends === null ? "" : ` ends ${literal(row.ends)}`
    }`;
  return {
    schema: databases.nameOf(row.schema),
    name: row.name,
    kind: "event",
    parameters: "",
    returns: null,
    definition: `create event ${
      quoted(row.name)
    } on schedule ${schedule} on completion ${row.preserve.toLowerCase()} ${
      STATUS[row.status] ?? ""
    } do ${row.body}`,
    comment: row.comment === "" ? null : row.comment,
  };
}
