import type { SchemaType } from "../snapshot/schema_type.ts";
import type { SchemaObjectKind, SchemaObjects } from "./schema_change.ts";
import { shown } from "./_names.ts";

/** What is compared of an object. */
type Property = string | boolean | null;

/** What is compared of each kind of object, by the names that a reader sees. */
export type Properties = {
  readonly [K in SchemaObjectKind]: (
    object: SchemaObjects[K],
  ) => Readonly<Record<string, Property>>;
};

/**
 * Returns what is compared of each kind of object.
 *
 * @param sql brings a text of SQL into a form that can be compared
 */
export function propertiesOf(sql: (text: string) => string): Properties {
  const maybe = (text: string | null) => text === null ? null : sql(text);
  const typeOf = (type: SchemaType) => shownType(type, sql);
  const defined = ({ definition, comment }: { definition: string; comment: string | null }) => ({
    definition: sql(definition),
    comment,
  });
  return {
    schema: () => ({}),
    extension: () => ({}),
    enum: ({ values, comment }) => ({ values: listOf(values), comment }),
    domain: (domain) => ({
      type: typeOf(domain.type),
      nullable: domain.nullable,
      default: maybe(domain.default),
      collation: domain.collation,
      checks: listOf(domain.checks.map(({ name, definition }) => `${shown(name)} ${definition}`)),
      comment: domain.comment,
    }),
    composite: ({ attributes, comment }) => ({
      attributes: listOf(
        attributes.map(({ name, type, collation }) =>
          `${shown(name)} ${typeOf(type)}${collation === null ? "" : ` collate ${collation}`}`
        ),
      ),
      comment,
    }),
    range: ({ subtype, canonical, subtypeDiff, collation, comment }) => ({
      subtype,
      canonical,
      "subtype difference": subtypeDiff,
      collation,
      comment,
    }),
    sequence: (sequence) => ({
      type: sequence.type,
      start: sequence.start,
      increment: sequence.increment,
      minimum: sequence.minimum,
      maximum: sequence.maximum,
      cache: sequence.cache,
      cycle: sequence.cycle,
      owner: sequence.ownedBy && shown(sequence.ownedBy.table, sequence.ownedBy.column),
      comment: sequence.comment,
    }),
    table: (table) => ({
      kind: table.kind,
      ...prefixed("option", table.options),
      parents: listOf(table.parents.map(({ schema, name }) => shown(schema, name))),
      "partition key": maybe(table.partitioning.by),
      "partition bound": table.partitioning.bound,
      "row-level security": table.rowSecurity.enabled,
      "row-level security of the owner": table.rowSecurity.forced,
      comment: table.comment,
    }),
    column: (column) => ({
      type: typeOf(column.type),
      nullable: column.nullable,
      default: maybe(column.default),
      "on update": maybe(column.onUpdate),
      "generated as": maybe(column.generated?.expression ?? null),
      stored: column.generated?.stored ?? null,
      identity: column.identity &&
        [column.identity.kind, column.identity.options].filter(Boolean).join(" "),
      collation: column.collation,
      hidden: column.hidden,
      inherited: column.inherited,
      comment: column.comment,
    }),
    "primary key": (key) => ({ name: key.name, ...defined(key) }),
    unique: defined,
    "foreign key": defined,
    check: defined,
    exclusion: defined,
    index: (index) => ({ ...defined(index), valid: index.valid }),
    trigger: (trigger) => ({ ...defined(trigger), enabled: trigger.enabled }),
    rule: ({ definition }) => ({ definition }),
    policy: (policy) => ({
      command: policy.command,
      permissive: policy.permissive,
      roles: listOf(policy.roles),
      using: policy.using,
      "with check": policy.withCheck,
      comment: policy.comment,
    }),
    view: (view) => ({
      materialized: view.materialized,
      definition: sql(view.definition),
      columns: listOf(view.columns.map(({ name, type }) => `${shown(name)} ${typeOf(type)}`)),
      ...prefixed("option", view.options),
      ...prefixed(
        "comment of column",
        Object.fromEntries(
          view.columns.flatMap(({ name, comment }) => comment === null ? [] : [[name, comment]]),
        ),
      ),
      comment: view.comment,
    }),
    routine: (routine) => ({
      kind: routine.kind,
      returns: routine.returns,
      ...defined(routine),
    }),
  };
}

/** Returns a type in the form that is compared and shown. */
export function shownType(type: SchemaType, sql: (text: string) => string): string {
  return sql(type.text);
}

function listOf(parts: readonly string[]): string {
  return parts.join(", ");
}

function prefixed(
  prefix: string,
  options: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`${prefix} ${name}`, value]),
  );
}
