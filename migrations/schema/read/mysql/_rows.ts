import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Variant } from "./_variant.ts";

/** What is read from `information_schema`; each list with one statement. */
export interface CatalogRows {
  readonly tables: readonly TableRow[];
  readonly columns: readonly ColumnRow[];
  readonly indexes: readonly IndexRow[];
  readonly foreignKeys: readonly ForeignKeyRow[];
  readonly checks: readonly CheckRow[];
  readonly partitions: readonly PartitionRow[];
  readonly views: readonly ViewRow[];
  readonly triggers: readonly TriggerRow[];
  readonly routines: readonly RoutineRow[];
  readonly parameters: readonly ParameterRow[];
  readonly events: readonly EventRow[];
}

export interface TableRow {
  readonly schema: string;
  readonly name: string;
  readonly type: string;
  readonly engine: string | null;
  readonly collation: string | null;
  readonly options: string | null;
  readonly comment: string;
}

export interface ColumnRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly default: string | null;
  readonly nullable: string;
  readonly data_type: string;
  readonly column_type: string;
  readonly collation: string | null;
  readonly extra: string;
  readonly expression: string | null;
  readonly comment: string;
}

export interface IndexRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly non_unique: number | bigint | string;
  readonly column: string | null;
  readonly expression: string | null;
  readonly order: string | null;
  readonly prefix: number | bigint | string | null;
  readonly method: string;
  readonly is_used: number | bigint | string;
  readonly comment: string;
}

export interface ForeignKeyRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly column: string;
  readonly referenced_schema: string;
  readonly referenced_table: string;
  readonly referenced_column: string;
  readonly on_update: string;
  readonly on_delete: string;
}

export interface CheckRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly clause: string;
  readonly level: string;
  readonly enforced: string;
}

export interface PartitionRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly method: string;
  readonly expression: string | null;
  readonly sub_method: string | null;
  readonly sub_expression: string | null;
  readonly description: string | null;
}

export interface ViewRow {
  readonly schema: string;
  readonly name: string;
  readonly definition: string;
  readonly check_option: string;
  readonly security: string;
  readonly algorithm: string;
}

export interface TriggerRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly event: string;
  readonly timing: string;
  readonly body: string;
}

export interface RoutineRow {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly returns: string | null;
  readonly body: string | null;
  readonly deterministic: string;
  readonly access: string;
  readonly security: string;
  readonly comment: string;
}

export interface ParameterRow {
  readonly schema: string;
  readonly routine: string;
  readonly kind: string;
  readonly mode: string | null;
  readonly name: string | null;
  readonly type: string;
}

export interface EventRow {
  readonly schema: string;
  readonly name: string;
  readonly body: string;
  readonly execute_at: string | null;
  readonly interval_value: string | null;
  readonly interval_field: string | null;
  readonly ends: string | null;
  readonly status: string;
  readonly preserve: string;
  readonly comment: string;
}

/** Reads all that a snapshot is made of. */
export async function readRows(
  db: Kysely<any>,
  variant: Variant,
  databases: RawBuilder<unknown>,
): Promise<CatalogRows> {
  const of = async <T>(query: RawBuilder<unknown>): Promise<readonly T[]> =>
    (await (query as RawBuilder<T>).execute(db)).rows;
  return {
    tables: await of(sql`
      select table_schema as \`schema\`, table_name as name, table_type as type,
        engine as engine, table_collation as collation, create_options as options,
        table_comment as comment
      from information_schema.tables where table_schema in (${databases})`),
    columns: await of(sql`
      select table_schema as \`schema\`, table_name as \`table\`, column_name as name,
        column_default as \`default\`, is_nullable as nullable, data_type as data_type,
        column_type as column_type, collation_name as collation, extra as extra,
        generation_expression as expression, column_comment as comment
      from information_schema.columns where table_schema in (${databases})
      order by table_schema, table_name, ordinal_position`),
    indexes: await of(sql`
      select table_schema as \`schema\`, table_name as \`table\`, index_name as name,
        non_unique as non_unique, column_name as \`column\`,
        ${variant.indexExpression} as expression, collation as \`order\`,
        sub_part as prefix, index_type as method, ${variant.indexIsUsed} as is_used,
        index_comment as comment
      from information_schema.statistics where table_schema in (${databases})
      order by table_schema, table_name, index_name, seq_in_index`),
    foreignKeys: await of(sql`
      select k.table_schema as \`schema\`, k.table_name as \`table\`,
        k.constraint_name as name, k.column_name as \`column\`,
        k.referenced_table_schema as referenced_schema,
        k.referenced_table_name as referenced_table,
        k.referenced_column_name as referenced_column, r.update_rule as on_update,
        r.delete_rule as on_delete
      from information_schema.key_column_usage as k
      join information_schema.referential_constraints as r
        on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name
        and r.table_name = k.table_name
      where k.table_schema in (${databases}) and k.referenced_table_name is not null
      order by k.table_schema, k.table_name, k.constraint_name, k.ordinal_position`),
    checks: await of(variant.checks(databases)),
    partitions: await of(sql`
      select table_schema as \`schema\`, table_name as \`table\`, partition_name as name,
        partition_method as method, partition_expression as expression,
        subpartition_method as sub_method, subpartition_expression as sub_expression,
        partition_description as description
      from information_schema.partitions
      where table_schema in (${databases}) and partition_name is not null
        and coalesce(subpartition_ordinal_position, 1) = 1
      order by table_schema, table_name, partition_ordinal_position`),
    views: await of(sql`
      select table_schema as \`schema\`, table_name as name, view_definition as definition,
        check_option as check_option, security_type as security,
        ${variant.viewAlgorithm} as algorithm
      from information_schema.views where table_schema in (${databases})`),
    triggers: await of(sql`
      select trigger_schema as \`schema\`, event_object_table as \`table\`,
        trigger_name as name, event_manipulation as event, action_timing as timing,
        action_statement as body
      from information_schema.triggers where trigger_schema in (${databases})
      order by trigger_schema, event_object_table, action_timing, event_manipulation,
        action_order`),
    routines: await of(sql`
      select routine_schema as \`schema\`, routine_name as name, routine_type as kind,
        dtd_identifier as returns, routine_definition as body,
        is_deterministic as \`deterministic\`, sql_data_access as access,
        security_type as security, routine_comment as comment
      from information_schema.routines
      where routine_schema in (${databases}) and routine_type in ('FUNCTION', 'PROCEDURE')`),
    parameters: await of(sql`
      select specific_schema as \`schema\`, specific_name as routine,
        routine_type as kind, parameter_mode as mode, parameter_name as name,
        dtd_identifier as type
      from information_schema.parameters
      where specific_schema in (${databases}) and ordinal_position > 0
      order by specific_schema, specific_name, ordinal_position`),
    events: await of(sql`
      select event_schema as \`schema\`, event_name as name, event_definition as body,
        cast(execute_at as char) as execute_at, interval_value as interval_value,
        interval_field as interval_field, cast(ends as char) as ends,
        status as status, on_completion as preserve,
        event_comment as comment
      from information_schema.events where event_schema in (${databases})`),
  };
}
