import { type Kysely, sql } from "kysely";
import { compareTexts, groupBy, sorted } from "../../snapshot/_order.ts";
import { LEXES } from "../../../sql/_lexis.ts";
import type { ReadSchema, ReadTarget, SchemaReader } from "../_reader.ts";
import { type ViewDialect, withNullability } from "../_view_nullability.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import type { SchemaView } from "../../snapshot/schema_view.ts";
import { readPolicies, readRoutines, readRules, readTriggers } from "./_behaviour.ts";
import { readConstraints, readIndexes } from "./_constraints.ts";
import {
  checkOf,
  columnOf,
  exclusionOf,
  foreignKeyOf,
  indexOf,
  keyOf,
  optionsOf,
  policyOf,
  routineOf,
  triggerOf,
  typeOf,
} from "./_objects.ts";
import { readColumns, readRelations, type RelationRow } from "./_relations.ts";
import { rowsOf, type Scope } from "./_scope.ts";
import { inSearchPath } from "./_search_path.ts";
import { readSequences, readTypes } from "./_types.ts";

/** Reads the schema of PostgreSQL, 12 and later, and of PGlite. */
export const postgresReader: SchemaReader = {
  read(db: Kysely<any>, { schemas }: ReadTarget): Promise<ReadSchema> {
    return inSearchPath(db, schemas?.[0], async (trx, defaultSchema, quoted) => {
      const { rows: [server] } = await sql<{ version: string }>`
        select current_setting('server_version') as version`.execute(trx);
      const scope: Scope = {
        db: trx,
        schemas: sql.join(schemas ?? [defaultSchema]),
        nameOf: (schema) => schema === defaultSchema || schema === "pg_catalog" ? null : schema,
        isDefault: (name) => name === quoted,
      };
      return await readAll(scope, defaultSchema, server!.version);
    });
  },
};

const VIEWS: ViewDialect = {
  lexis: LEXES.postgres,
  fold: (name) => name,
  bareColumns: false,
  readsOwnSchema: false,
};

async function readAll(
  scope: Scope,
  defaultSchema: string,
  version: string,
): Promise<ReadSchema> {
  const existing = await rowsOf<{ name: string }>(
    scope,
    sql`select nspname as name from pg_catalog.pg_namespace where nspname in (${scope.schemas})`,
  );
  const relations = await readRelations(scope);
  const columns = groupBy(await readColumns(scope), (row) => `${row.relation}`);
  const constraintRows = await readConstraints(scope);
  const constraints = groupBy(constraintRows, (row) => `${row.relation}`);
  const domainChecks = groupBy(constraintRows, (row) => `${row.domain}`);
  const indexes = groupBy(await readIndexes(scope), (row) => `${row.relation}`);
  const triggers = groupBy(await readTriggers(scope), (row) => `${row.relation}`);
  const rules = groupBy(await readRules(scope), (row) => `${row.relation}`);
  const policies = groupBy(await readPolicies(scope), (row) => `${row.relation}`);
  const types = await readTypes(scope);
  const sequences = await readSequences(scope);
  const routines = await readRoutines(scope);
  const extensions = await rowsOf<{ name: string }>(
    scope,
    sql`select extname as name from pg_catalog.pg_extension where extname <> 'plpgsql'`,
  );

  const tableOf = (row: RelationRow): SchemaTable => {
    const all = constraints.get(`${row.oid}`) ?? [];
    const of = (kind: string) => all.filter((constraint) => constraint.kind === kind);
    const [key] = of("p");
    return {
      schema: scope.nameOf(row.schema),
      name: row.name,
      kind: row.kind === "f" ? "foreign" : "table",
      columns: (columns.get(`${row.oid}`) ?? []).map((column) => columnOf(column, scope)),
      primaryKey: key === undefined ? null : keyOf(key),
      uniques: sorted(of("u").map(keyOf)),
      foreignKeys: sorted(of("f").map((constraint) => foreignKeyOf(constraint, scope))),
      checks: sorted(of("c").map(checkOf)),
      exclusions: sorted(of("x").map(exclusionOf)),
      indexes: sorted((indexes.get(`${row.oid}`) ?? []).map((index) => indexOf(index, scope))),
      triggers: sorted((triggers.get(`${row.oid}`) ?? []).map(triggerOf)),
      rules: sorted((rules.get(`${row.oid}`) ?? []).map(({ name, definition }) => ({
        name,
        definition,
      }))),
      rowSecurity: { enabled: row.row_security, forced: row.force_row_security },
      policies: sorted((policies.get(`${row.oid}`) ?? []).map(policyOf)),
      parents: (row.parents ?? []).map(({ schema, name }) => ({
        schema: scope.nameOf(schema),
        name,
      })),
      partitioning: { by: row.partition_key, bound: row.partition_bound },
      options: optionsOf(row),
      comment: row.comment,
    };
  };
  const viewOf = (row: RelationRow): SchemaView => ({
    schema: scope.nameOf(row.schema),
    name: row.name,
    materialized: row.kind === "m",
    definition: (row.view ?? "").trim(),
    columns: (columns.get(`${row.oid}`) ?? []).map((column) => ({
      name: column.name,
      type: typeOf(column, scope),
      nullable: null,
      comment: column.comment,
    })),
    options: optionsOf(row),
    indexes: sorted((indexes.get(`${row.oid}`) ?? []).map((index) => indexOf(index, scope))),
    triggers: sorted((triggers.get(`${row.oid}`) ?? []).map(triggerOf)),
    comment: row.comment,
  });
  const relationsOf = (kinds: string) => relations.filter(({ kind }) => kinds.includes(kind));
  const tables = sorted(relationsOf("rpf").map(tableOf));
  return {
    server: { name: "PostgreSQL", version: version.split(" ")[0]! },
    defaultSchema,
    schemas: sortedSchemas(existing.map(({ name }) => scope.nameOf(name))),
    tables,
    views: withNullability(sorted(relationsOf("vm").map(viewOf)), tables, VIEWS),
    enums: sorted(
      types.filter(({ kind }) => kind === "e").map(({ schema, name, values, comment }) => ({
        schema: scope.nameOf(schema),
        name,
        values: values ?? [],
        comment,
      })),
    ),
    domains: sorted(
      types.filter(({ kind }) => kind === "d").map((row) => ({
        schema: scope.nameOf(row.schema),
        name: row.name,
        type: typeOf({
          type: row.base,
          type_name: row.base_name!,
          type_schema: row.base_schema!,
          type_kind: row.base_kind!,
          is_array: row.base_is_array!,
        }, scope),
        nullable: !row.not_null,
        default: row.default,
        collation: row.collation_schema === null
          ? row.collation
          : `${row.collation_schema}.${row.collation}`,
        checks: sorted(
          (domainChecks.get(`${row.oid}`) ?? []).map(({ name, definition }) => ({
            name,
            definition,
          })),
        ),
        comment: row.comment,
      })),
    ),
    composites: sorted(
      relationsOf("c").map((row) => ({
        schema: scope.nameOf(row.schema),
        name: row.name,
        attributes: (columns.get(`${row.oid}`) ?? []).map((column) => {
          const { name, type, collation } = columnOf(column, scope);
          return { name, type, collation };
        }),
        comment: row.comment,
      })),
    ),
    ranges: sorted(
      types.filter(({ kind }) => kind === "r").map((row) => ({
        schema: scope.nameOf(row.schema),
        name: row.name,
        subtype: row.subtype!,
        canonical: row.canonical,
        subtypeDiff: row.subtype_diff,
        collation: row.collation,
        comment: row.comment,
      })),
    ),
    sequences: sorted(
      sequences.map(({ schema, owner_table: table, owner_column: column, ...rest }) => ({
        schema: scope.nameOf(schema),
        name: rest.name,
        type: rest.type,
        start: rest.start,
        increment: rest.increment,
        minimum: rest.minimum,
        maximum: rest.maximum,
        cache: rest.cache,
        cycle: rest.cycle,
        ownedBy: table === null || column === null ? null : { table, column },
        comment: rest.comment,
      })),
    ),
    routines: sorted(routines.map((row) => routineOf(row, scope))),
    extensions: extensions.map(({ name }) => name).sort(compareTexts),
  };
}

function sortedSchemas(schemas: (string | null)[]): (string | null)[] {
  return schemas.sort((a, b) => compareTexts(a ?? "", b ?? ""));
}
