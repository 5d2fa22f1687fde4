import { sql } from "kysely";
import type { SchemaSnapshot } from "../../snapshot/schema_snapshot.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import { named, type Piece, written } from "./_writer.ts";

/** Returns the statements that comment on all objects of a schema. */
export function commentsOf(schema: SchemaSnapshot): Piece[] {
  const types = [...schema.enums, ...schema.composites, ...schema.ranges];
  return [
    ...types.flatMap((type) => comment(sql`type ${named(type.schema, type.name)}`, type)),
    ...schema.domains.flatMap((domain) =>
      comment(sql`domain ${named(domain.schema, domain.name)}`, domain)
    ),
    ...schema.sequences.flatMap((sequence) =>
      comment(sql`sequence ${named(sequence.schema, sequence.name)}`, sequence)
    ),
    ...schema.routines.flatMap((routine) =>
      comment(
        sql`${written(routine.kind)} ${named(routine.schema, routine.name)}(${
          written(routine.parameters)
        })`,
        routine,
      )
    ),
    ...schema.tables.flatMap(ofTable),
    ...schema.views.flatMap((view) => {
      const name = named(view.schema, view.name);
      const kind = view.materialized ? sql`materialized view` : sql`view`;
      return [
        ...comment(sql`${kind} ${name}`, view),
        ...view.columns.flatMap((column) =>
          comment(sql`column ${name}.${sql.id(column.name)}`, column)
        ),
        ...view.indexes.flatMap((index) =>
          comment(sql`index ${named(view.schema, index.name)}`, index)
        ),
        ...view.triggers.flatMap((trigger) =>
          comment(sql`trigger ${sql.id(trigger.name)} on ${name}`, trigger)
        ),
      ];
    }),
  ];
}

function ofTable(table: SchemaTable): Piece[] {
  const name = named(table.schema, table.name);
  const on = (kind: Piece, object: { readonly name: string | null }) =>
    sql`${kind} ${sql.id(object.name!)} on ${name}`;
  const constraints = [
    ...table.primaryKey === null ? [] : [table.primaryKey],
    ...table.uniques,
    ...table.exclusions,
    ...table.foreignKeys,
    ...table.checks,
  ];
  return [
    ...comment(sql`table ${name}`, table),
    ...table.columns.flatMap((column) =>
      comment(sql`column ${name}.${sql.id(column.name)}`, column)
    ),
    ...constraints.flatMap((constraint) => comment(on(sql`constraint`, constraint), constraint)),
    ...table.indexes.flatMap((index) =>
      comment(sql`index ${named(table.schema, index.name)}`, index)
    ),
    ...table.triggers.flatMap((trigger) => comment(on(sql`trigger`, trigger), trigger)),
    ...table.policies.flatMap((policy) => comment(on(sql`policy`, policy), policy)),
  ];
}

function comment(on: Piece, object: { readonly comment: string | null }): Piece[] {
  return object.comment === null ? [] : [sql`comment on ${on} is ${sql.lit(object.comment)}`];
}
