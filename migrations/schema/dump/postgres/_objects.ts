import { sql } from "kysely";
import type { SchemaSequence } from "../../snapshot/schema_routine.ts";
import type { SchemaPolicy, SchemaTable, SchemaTrigger } from "../../snapshot/schema_table.ts";
import type {
  SchemaComposite,
  SchemaDomain,
  SchemaEnum,
  SchemaRange,
} from "../../snapshot/schema_type.ts";
import type { SchemaView } from "../../snapshot/schema_view.ts";
import { sequenceOptions } from "../../read/postgres/_sequence_options.ts";
import { storage } from "./_tables.ts";
import { collate, lines, named, type Piece, spaced, written } from "./_writer.ts";

/** Returns the statement that creates an enumeration. */
export function createEnum({ schema, name, values }: SchemaEnum): Piece {
  return sql`create type ${named(schema, name)} as enum (${
    sql.join(values.map((value) => sql.lit(value)))
  })`;
}

/** Returns the statement that creates a domain. */
export function createDomain(domain: SchemaDomain): Piece {
  return spaced(
    sql`create domain ${named(domain.schema, domain.name)} as ${written(domain.type.text)}`,
    collate(domain.collation),
    domain.default === null ? undefined : sql`default ${written(domain.default)}`,
    domain.nullable ? undefined : sql`not null`,
    ...domain.checks.map(({ name, definition }) =>
      sql`constraint ${sql.id(name)} ${written(definition)}`
    ),
  );
}

/** Returns the statement that creates a composite type. */
export function createComposite({ schema, name, attributes }: SchemaComposite): Piece {
  return sql`create type ${named(schema, name)} as ${
    lines(
      attributes.map((attribute) =>
        spaced(
          sql.id(attribute.name),
          written(attribute.type.text),
          collate(attribute.collation),
        )
      ),
    )
  }`;
}

/** Returns the statement that creates a range type. */
export function createRange(range: SchemaRange): Piece {
  const options = [
    sql`subtype = ${written(range.subtype)}`,
    range.collation === null ? undefined : sql`collation = ${sql.id(range.collation)}`,
    range.canonical === null ? undefined : sql`canonical = ${written(range.canonical)}`,
    range.subtypeDiff === null ? undefined : sql`subtype_diff = ${written(range.subtypeDiff)}`,
  ].filter((option) => option !== undefined);
  return sql`create type ${named(range.schema, range.name)} as range (${sql.join(options)})`;
}

/** Returns the statement that creates a sequence. */
export function createSequence(sequence: SchemaSequence): Piece {
  const options = sequenceOptions(sequence);
  return spaced(
    sql`create sequence ${named(sequence.schema, sequence.name)} as ${written(sequence.type)}`,
    options === "" ? undefined : written(options),
  );
}

/** Returns the statement that creates a view. */
export function createView(view: SchemaView): Piece {
  return spaced(
    view.materialized ? sql`create materialized view` : sql`create view`,
    named(view.schema, view.name),
    storage(view.options),
    sql`as`,
    // A statement of a script ends with a semicolon, and so does what the catalog has.
    written(view.definition.replace(/;$/, "")),
  );
}

const TRIGGER_STATES = {
  yes: undefined,
  no: sql`disable`,
  replica: sql`enable replica`,
  always: sql`enable always`,
} as const;

/** Returns the statements that create a trigger. */
export function createTrigger(
  trigger: SchemaTrigger,
  owner: { readonly schema: string | null; readonly name: string },
): Piece[] {
  const state = TRIGGER_STATES[trigger.enabled];
  const create = written(trigger.definition);
  if (state === undefined) return [create];
  return [
    create,
    sql`alter table ${named(owner.schema, owner.name)} ${state} trigger ${sql.id(trigger.name)}`,
  ];
}

/** Returns the statement that creates a policy. */
export function createPolicy(policy: SchemaPolicy, table: SchemaTable): Piece {
  return spaced(
    sql`create policy ${sql.id(policy.name)} on ${named(table.schema, table.name)}`,
    policy.permissive ? undefined : sql`as restrictive`,
    policy.command === "all" ? undefined : sql`for ${written(policy.command)}`,
    sql`to ${sql.join(policy.roles.map((role) => role === "public" ? sql`public` : sql.id(role)))}`,
    policy.using === null ? undefined : sql`using (${written(policy.using)})`,
    policy.withCheck === null ? undefined : sql`with check (${written(policy.withCheck)})`,
  );
}
