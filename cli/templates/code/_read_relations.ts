import type {
  SchemaColumn,
  SchemaSnapshot,
  SchemaTable,
  SchemaType,
  SchemaView,
} from "@kysera/migrations/schema";
import { isNamed } from "../../types/_emit_types.ts";
import { camelCase } from "../../types/_names.ts";
import type { ScalarOptions } from "../../types/_scalars.ts";
import { type ColumnFacts, joinFacts, readCheck } from "./_check_facts.ts";
import { type CodeNames, codeNames } from "./_code_names.ts";
import type { CodeColumn, CodeRelation } from "./_code_relation.ts";
import { narrowed } from "./_narrowed_shape.ts";
import { shapesOf } from "./_shapes_of.ts";

/** How code is written for a database. */
export interface CodeOptions extends ScalarOptions {
  /** Whether names are as `CamelCasePlugin` has them. */
  readonly camelCase: boolean;
  /** Columns that plugins fill in, as `column` or `table.column`: rows need not be given them. */
  readonly filled: readonly string[];
  /** Columns that a plugin sets: rows are not given them, unless they have to be. */
  readonly setByPlugins: readonly string[];
}

/** The tables and views that code can be written for, and why it cannot for the others. */
export interface CodeRelations {
  readonly relations: readonly CodeRelation[];
  readonly unusable: readonly { readonly name: string; readonly reason: string }[];
}

/** Returns the tables and views of the default schema as code is written for them. */
export function readRelations(schema: SchemaSnapshot, options: CodeOptions): CodeRelations {
  const all = [
    // The rows of a partition are those of its table.
    ...schema.tables.filter(({ partitioning }) => partitioning.bound === null),
    ...schema.views,
  ].filter((each) => each.schema === null)
    .sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const usable = all.filter(({ name }) => isTableName(name));
  const names = codeNames(usable.map(({ name }) => name));
  return {
    relations: usable.map((relation) => {
      const given = names.get(relation.name)!;
      return "primaryKey" in relation
        ? tableRelation(relation, given, schema, options)
        : viewRelation(relation, given, schema, options);
    }),
    unusable: all.filter(({ name }) => !isTableName(name)).map(({ name }) => ({
      name,
      reason: "Kysely reads its name as that of something else",
    })),
  };
}

/** Kysely takes `a.b` for a table of a schema, `a as b` for an alias, and trims. */
function isTableName(name: string): boolean {
  return !name.includes(".") && name.trim() === name && !/ as /i.test(name);
}

/** What a repository takes for the name of a column. */
function isColumnName(name: string): boolean {
  return !name.includes(".") && !["__proto__", "constructor", "prototype"].includes(name) &&
    name.trim() === name;
}

function viewRelation(
  view: SchemaView,
  names: CodeNames,
  schema: SchemaSnapshot,
  options: CodeOptions,
): CodeRelation {
  return {
    ...names,
    name: view.name,
    property: propertyOf(view.name, options),
    isView: true,
    isWritable: false,
    key: [],
    columns: view.columns.map((column) => ({
      ...plainColumn(column.name, column.type, schema, options),
      // Where the catalog does not know whether it is ever NULL, it may be.
      isNullable: column.nullable !== false,
    })),
    foreignKeys: [],
    otherChecks: [],
    comment: view.comment,
  };
}

function tableRelation(
  table: SchemaTable,
  names: CodeNames,
  schema: SchemaSnapshot,
  options: CodeOptions,
): CodeRelation {
  const { facts, others } = factsOf(table, schema);
  const key = table.primaryKey?.columns ?? [];
  const columns = table.columns
    // SQLite's virtual tables have columns that are commands.
    .filter(({ hidden }) => !(hidden && table.kind === "virtual"))
    .map((column) => tableColumn(column, table, schema, options, facts.get(column.name) ?? {}));
  const isWhole = columns.every(({ isOptional, isInNew }) => isOptional || isInNew);
  return {
    ...names,
    name: table.name,
    property: propertyOf(table.name, options),
    isView: false,
    isWritable: isWhole,
    key: key.every(isColumnName) ? key.map((name) => propertyOf(name, options)) : [],
    columns,
    foreignKeys: table.foreignKeys,
    otherChecks: others,
    comment: table.comment,
  };
}

function tableColumn(
  column: SchemaColumn,
  table: SchemaTable,
  schema: SchemaSnapshot,
  options: CodeOptions,
  facts: ColumnFacts,
): CodeColumn {
  const typed = plainColumn(column.name, column.type, schema, options);
  // MariaDB has no other type of JSON, and SQLite none at all.
  const plain: CodeColumn =
    facts.isJson && typed.row.kind === "text" && schema.dialect !== "postgres"
      ? { ...typed, input: { kind: "json" }, row: { kind: "json" }, codec: "json" }
      : typed;
  const { identity, generated } = column;
  const isFilled = column.default !== null || identity !== null;
  const isRequired = !column.nullable && !isFilled && generated === null;
  const isOptional = !isRequired || isNamed(options.filled, table.name, column.name);
  const isInKey = table.primaryKey?.columns.includes(column.name) === true;
  // MySQL returns nothing of a new row: a key that a default makes has to be given.
  const isNumbered = identity !== null ||
    (isInKey && isFilled && schema.dialect !== "mysql");
  const isSetByPlugin = isOptional && options.setByPlugins.includes(column.name);
  // What a driver cannot write is written by functions of SQL.
  const isValue = isColumnName(column.name) && plain.input.kind !== "any";
  const isInNew = generated === null && !isNumbered && !isSetByPlugin && isValue;
  return {
    ...plain,
    input: narrowed(plain.input, facts),
    isNullable: column.nullable,
    isRequired,
    isOptional,
    isInNew,
    isInChanges: isInNew && !isInKey,
    isUnique: isInKey || table.uniques.some(({ columns }) => columns.includes(column.name)) ||
      table.indexes.some(({ unique, parts }) =>
        unique && parts.some((part) => part.column === column.name)
      ),
    facts,
  };
}

function plainColumn(
  name: string,
  type: SchemaType,
  schema: SchemaSnapshot,
  options: CodeOptions,
): CodeColumn {
  const base = baseOf(type, schema);
  const { input, row, codec } = shapesOf(type, schema, options);
  return {
    name,
    property: propertyOf(name, options),
    input,
    row,
    codec,
    isNullable: true,
    isRequired: false,
    isOptional: true,
    isInNew: false,
    isInChanges: false,
    isUnique: false,
    facts: {},
    typeName: base.name,
    typeText: base.text,
    isArray: type.array,
    values: base.kind === "enum" && base.values.length === 0
      ? schema.enums.find((each) => each.schema === base.schema && each.name === base.name)
        ?.values ?? []
      : base.values,
  };
}

/** The type that a domain restricts in the end. */
function baseOf(type: SchemaType, schema: SchemaSnapshot): SchemaType {
  if (type.kind !== "domain") return type;
  const domain = domainOf(type, schema);
  return domain === undefined ? type : baseOf(domain.type, schema);
}

function domainOf(type: SchemaType, schema: SchemaSnapshot) {
  return schema.domains.find((each) => each.schema === type.schema && each.name === type.name);
}

/** What the checks of a table, and of the domains of its columns, say of each column. */
function factsOf(
  table: SchemaTable,
  schema: SchemaSnapshot,
): { readonly facts: ReadonlyMap<string, ColumnFacts>; readonly others: readonly string[] } {
  const facts = new Map<string, ColumnFacts>();
  const others: string[] = [];
  const add = (name: string, more: ColumnFacts): void => {
    facts.set(name, joinFacts(facts.get(name) ?? {}, more));
  };
  for (const { expression } of table.checks) {
    const read = readCheck(expression);
    if (read === undefined) others.push(expression);
    for (const [name, more] of read ?? []) {
      const column = table.columns.find((each) => each.name === name) ??
        table.columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
      if (column !== undefined) add(column.name, more);
    }
  }
  for (const column of table.columns) {
    let domain = column.type.kind === "domain" ? domainOf(column.type, schema) : undefined;
    while (domain !== undefined && !column.type.array) {
      for (const { definition } of domain.checks) {
        const expression = definition.replace(/^CHECK /i, "");
        const read = readCheck(expression);
        if (read === undefined) others.push(`${column.name}: ${expression}`);
        // A domain calls its value so.
        for (const more of read?.values() ?? []) add(column.name, more);
      }
      domain = domain.type.kind === "domain" ? domainOf(domain.type, schema) : undefined;
    }
  }
  return { facts, others };
}

function propertyOf(name: string, options: Pick<CodeOptions, "camelCase">): string {
  return options.camelCase ? camelCase(name) : name;
}
