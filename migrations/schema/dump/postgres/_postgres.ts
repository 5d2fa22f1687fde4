import { BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import type { SchemaSnapshot } from "../../snapshot/schema_snapshot.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import { inSearchPath } from "../../read/postgres/_search_path.ts";
import { inTransaction, type SchemaDumper } from "../_dumper.ts";
import { type DumpNode, sortByNeeds } from "../_sort.ts";
import { commentsOf } from "./_comments.ts";
import { keyOf, readAttached, readNeeds } from "./_needs.ts";
import {
  createComposite,
  createDomain,
  createEnum,
  createPolicy,
  createRange,
  createSequence,
  createTrigger,
  createView,
} from "./_objects.ts";
import { createTable, isLate } from "./_tables.ts";
import { named, type Piece, Writer, written } from "./_writer.ts";

/** Writes the schema of PostgreSQL, 12 and later, and of PGlite. */
export const postgresDumper: SchemaDumper = {
  async dump(db: Kysely<any>, schema: SchemaSnapshot): Promise<readonly string[]> {
    const foreign = schema.tables.find(({ kind }) => kind === "foreign");
    if (foreign !== undefined) {
      throw new BadRequestError(
        `Cannot dump schema: "${foreign.name}" is a foreign table; name it in the option "exclude"`,
      );
    }
    const writer = new Writer(db);
    const names = schema.schemas.map((name) => name ?? schema.defaultSchema);
    const [needs, attached] = await inSearchPath(
      db,
      schema.defaultSchema,
      async (trx) => [await readNeeds(trx, names), await readAttached(trx, names)] as const,
    );
    const nodes = sortByNeeds(nodesOf(schema, writer), needs);
    const later = [
      ...indexesOf(schema),
      ...attached.map((index) => {
        const nameOf = (name: string) => name === schema.defaultSchema ? null : name;
        return sql`alter index ${
          named(nameOf(index.parent_schema), index.parent)
        } attach partition ${named(nameOf(index.schema), index.name)}`;
      }),
      ...behaviourOf(schema),
      ...commentsOf(schema),
    ];
    if (nodes.length === 0 && later.length === 0) return [];
    return [
      // A function may name what is created behind it.
      "set check_function_bodies = false",
      ...nodes.flatMap(({ statements }) => statements),
      ...later.map((piece) => writer.text(piece)),
      "reset check_function_bodies",
    ];
  },
  ended: (statement) => `${statement.trimEnd()};`,
  load: inTransaction,
};

/** Returns what other objects can need, in the order in which it is created where nothing else says. */
function nodesOf(schema: SchemaSnapshot, writer: Writer): DumpNode[] {
  const nameOf = (name: string | null) => name ?? schema.defaultSchema;
  const node = (key: readonly string[], ...pieces: Piece[]): DumpNode => ({
    key: keyOf(...key),
    statements: pieces.map((piece) => writer.text(piece)),
  });
  const typed = <T extends { readonly schema: string | null; readonly name: string }>(
    kind: string,
    objects: readonly T[],
    create: (object: T) => Piece,
  ) => objects.map((object) => node([kind, nameOf(object.schema), object.name], create(object)));
  const tables = new Map(
    schema.tables.map((table) => [keyOf(nameOf(table.schema), table.name), table]),
  );
  const parent = (of: string | null, name: string) => tables.get(keyOf(nameOf(of), name));
  return [
    ...schema.extensions.map((name) =>
      node(["extension", name], sql`create extension if not exists ${sql.id(name)}`)
    ),
    ...schema.schemas.filter((name) => name !== null).map((name) =>
      node(["schema", name], sql`create schema if not exists ${sql.id(name)}`)
    ),
    ...typed("type", schema.enums, createEnum),
    ...typed("type", schema.ranges, createRange),
    ...typed("relation", schema.composites, createComposite),
    ...typed("type", schema.domains, createDomain),
    ...typed("sequence", schema.sequences, createSequence),
    ...schema.routines.map((routine) =>
      node(
        ["routine", nameOf(routine.schema), routine.name, routine.parameters],
        written(routine.definition.trim()),
      )
    ),
    ...schema.tables.map((table) =>
      node(["relation", nameOf(table.schema), table.name], ...createTable(table, parent))
    ),
    ...schema.tables.flatMap((table) =>
      constraintsOf(table).map(({ name, definition }) =>
        node(
          ["constraint", nameOf(table.schema), table.name, name!],
          // Those of partitions are written by themselves, so that they keep their names.
          addConstraint(table, name!, definition),
        )
      )
    ),
    ...typed("relation", schema.views, createView),
  ];
}

function constraintsOf(table: SchemaTable) {
  const { primaryKey, uniques, exclusions } = table;
  return [...primaryKey === null ? [] : [primaryKey], ...uniques, ...exclusions];
}

function addConstraint(table: SchemaTable, name: string, definition: string): Piece {
  return sql`alter table only ${named(table.schema, table.name)} add constraint ${sql.id(name)} ${
    written(definition)
  }`;
}

function indexesOf(schema: SchemaSnapshot): Piece[] {
  return [...schema.tables, ...schema.views].flatMap(({ indexes }) =>
    indexes.map(({ definition }) => written(definition))
  );
}

/** Returns what nothing else needs. */
function behaviourOf(schema: SchemaSnapshot): Piece[] {
  const references = schema.tables.flatMap((table) => [
    ...table.checks.filter((check) => isLate(check) && !check.inherited).map((check) =>
      sql`alter table ${named(table.schema, table.name)} add constraint ${sql.id(check.name!)} ${
        written(check.definition)
      }`
    ),
    ...table.foreignKeys.filter(({ inherited }) => !inherited).map((key) =>
      sql`alter table ${named(table.schema, table.name)} add constraint ${sql.id(key.name!)} ${
        written(key.definition)
      }`
    ),
  ]);
  const owners = schema.sequences.flatMap(({ schema, name, ownedBy }) =>
    ownedBy === null ? [] : [
      sql`alter sequence ${named(schema, name)} owned by ${named(schema, ownedBy.table)}.${
        sql.id(ownedBy.column)
      }`,
    ]
  );
  const triggers = [...schema.tables, ...schema.views].flatMap((owner) =>
    owner.triggers.flatMap((trigger) => createTrigger(trigger, owner))
  );
  const rules = schema.tables.flatMap(({ rules }) =>
    rules.map(({ definition }) => written(definition.replace(/;$/, "")))
  );
  const security = schema.tables.flatMap((table) => {
    const alter = sql`alter table ${named(table.schema, table.name)}`;
    return [
      ...table.rowSecurity.enabled ? [sql`${alter} enable row level security`] : [],
      ...table.rowSecurity.forced ? [sql`${alter} force row level security`] : [],
      ...table.policies.map((policy) => createPolicy(policy, table)),
    ];
  });
  const identities = schema.tables.flatMap((table) => {
    const identity = table.options["replica identity"];
    if (identity === undefined) return [];
    const index = /^index (.*)$/s.exec(identity)?.[1];
    return [
      sql`alter table only ${named(table.schema, table.name)} replica identity ${
        index === undefined ? written(identity) : sql`using index ${sql.id(index)}`
      }`,
    ];
  });
  return [...references, ...owners, ...triggers, ...rules, ...security, ...identities];
}
