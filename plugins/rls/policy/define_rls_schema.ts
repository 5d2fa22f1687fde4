import { isPlainObject } from "@kysera/core";
import { isOperationNodeSource } from "kysely";
import {
  assertColumn,
  assertObjectCondition,
  isAsyncFunction,
  isPolicyValue,
  nameOfValue,
  readPolicy,
  refuseUnknown,
} from "./_make_policy.ts";
import { RLSSchemaError } from "../contract/errors.ts";
import { RelationCondition } from "../contract/relation.ts";
import type {
  AnyRow,
  ColumnRule,
  RLSSchema,
  RLSSchemaOptions,
  TableRLSConfig,
  Tenancy,
} from "../contract/policy.ts";

const TABLE_KEYS: readonly string[] = [
  "policies",
  "defaultDeny",
  "skipFor",
  "tenancy",
  "primaryKey",
  "stamp",
  "columns",
  "relations",
];

/**
 * Checks a schema of policies, and gives a frozen copy of it.
 *
 * @param schema tables with their policies
 * @param options `tenancy`: the column that tables are distributed by
 * @returns the schema, for `rlsPlugin`; written with a type, `defineRLSSchema<Database>(..)`, the
 * conditions know the columns
 * @throws {RLSSchemaError} where something in it is unknown, empty or makes no sense
 *
 * @example
 * ```ts
 * import { allow, defineRLSSchema, deny, filter, validate } from "@kysera/rls";
 * import assert from "node:assert/strict";
 *
 * interface Database {
 *   posts: { id: number; tenant_id: number; author_id: number; status: string };
 * }
 * const schema = defineRLSSchema<Database>({
 *   posts: {
 *     policies: [
 *       filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
 *       allow(["create", "update"], (ctx) => ({ author_id: ctx.auth.userId })),
 *       validate("create", { status: "draft" }),
 *       deny("delete"),
 *     ],
 *     stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
 *   },
 * });
 * assert.equal(schema.posts!.policies.length, 4);
 * ```
 */
export function defineRLSSchema<DB = Record<string, AnyRow>>(
  schema: NoInfer<RLSSchema<DB>>,
  options: RLSSchemaOptions = {},
): RLSSchema<DB> {
  if (!isPlainObject(schema)) throw new RLSSchemaError("", "the schema is not an object");
  if (!isPlainObject(options)) throw new RLSSchemaError("", "the options are not an object");
  refuseUnknown(options, ["tenancy"], "options");
  const tenancy = options.tenancy === undefined
    ? undefined
    : readTenancy(options.tenancy, "options.tenancy");
  const tables = Object.entries(schema).map(([table, config]) => {
    if (!isTableName(table)) {
      throw new RLSSchemaError(
        "",
        `"${table}" is not a name of a table; write "posts" or "app.posts"`,
      );
    }
    return [table, readTable(config, table, tenancy)] as const;
  });
  // Each table was checked to be what its type says.
  return Object.freeze(Object.fromEntries(tables)) as RLSSchema<DB>;
}

function readTable(
  config: unknown,
  table: string,
  ofAll: Tenancy | undefined,
): TableRLSConfig<any> {
  if (!isPlainObject(config)) {
    throw new RLSSchemaError(table, "write { policies: [..] }");
  }
  refuseUnknown(config, TABLE_KEYS, table);
  const { policies, defaultDeny = true, skipFor, primaryKey, stamp, columns, relations } =
    config as Partial<TableRLSConfig<any>>;
  const given = config["tenancy"] ?? ofAll;
  const tenancy = given === undefined || given === false
    ? given
    : readTenancy(given, `${table}.tenancy`);
  if (!Array.isArray(policies)) throw new RLSSchemaError(`${table}.policies`, "write a list");
  if (typeof defaultDeny !== "boolean") {
    throw new RLSSchemaError(`${table}.defaultDeny`, "it must be a boolean");
  }
  const read = policies.map((policy, i) => readPolicy(policy, `${table}.policies[${i}]`));
  const names = read.flatMap(({ name }) => name === undefined ? [] : [name]);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new RLSSchemaError(`${table}.policies`, `two policies are named "${twice}"`);
  }
  return Object.freeze({
    policies: Object.freeze(read),
    defaultDeny,
    ...(skipFor === undefined ? {} : { skipFor: readNames(skipFor, `${table}.skipFor`, "roles") }),
    ...(tenancy === undefined ? {} : { tenancy }),
    ...(primaryKey === undefined ? {} : {
      primaryKey: readKey(primaryKey, `${table}.primaryKey`),
    }),
    ...(stamp === undefined ? {} : { stamp: readStamp(stamp, `${table}.stamp`) }),
    ...(columns === undefined ? {} : { columns: readColumns(columns, `${table}.columns`) }),
    ...(relations === undefined ? {} : {
      relations: readRelations(relations, `${table}.relations`),
    }),
  });
}

function readTenancy(tenancy: unknown, path: string): Tenancy {
  if (!isPlainObject(tenancy)) {
    throw new RLSSchemaError(path, `write { distributionColumn: "tenant_id" }`);
  }
  refuseUnknown(tenancy, ["distributionColumn", "value"], path);
  const { distributionColumn, value } = tenancy;
  if (typeof distributionColumn !== "string") {
    throw new RLSSchemaError(`${path}.distributionColumn`, "it must be the name of a column");
  }
  assertColumn(distributionColumn, `${path}.distributionColumn`);
  if (value !== undefined && typeof value !== "function") {
    throw new RLSSchemaError(`${path}.value`, "it must be a function of the caller");
  }
  if (isAsyncFunction(value)) {
    throw new RLSSchemaError(`${path}.value`, "an async function cannot give it");
  }
  return Object.freeze({
    distributionColumn,
    // What it returns is looked at when it is asked.
    value: value as Tenancy["value"] ?? tenantOf,
  });
}

/** One function, so that schemas that say nothing else say the same. */
const tenantOf: NonNullable<Tenancy["value"]> = (context) => context.auth.tenantId;

/** Returns a list of names that are not empty, none twice. @throws {RLSSchemaError} */
export function readNames(names: unknown, path: string, what: string): readonly string[] {
  if (!Array.isArray(names)) throw new RLSSchemaError(path, `it must be a list of ${what}`);
  for (const name of names) {
    if (typeof name !== "string" || name.trim() === "") {
      throw new RLSSchemaError(path, `it must be a list of ${what}, none of them empty`);
    }
  }
  return Object.freeze([...new Set(names as string[])]);
}

/** The same reading as Kysely's: one dot parts the schema from the table, space around is none. */
function isTableName(table: string): boolean {
  return /^[^.]+(?:\.[^.]+)?$/.test(table) && !/(?:^|\.)\s|\s(?:\.|$)/.test(table);
}

/** What repositories say of a relation: policies ask whether there is a related row, however many. */
const TYPES: readonly unknown[] = ["belongsTo", "hasOne", "hasMany"];

function readRelations(
  relations: unknown,
  path: string,
): NonNullable<TableRLSConfig<any>["relations"]> {
  if (!isPlainObject(relations)) {
    throw new RLSSchemaError(path, "it must be an object of relations");
  }
  const entries = Object.entries(relations).map(([name, relation]) => {
    const at = `${path}.${name}`;
    if (!isPlainObject(relation)) {
      throw new RLSSchemaError(at, `write { table: "projects", columns: { project_id: "id" } }`);
    }
    refuseUnknown(relation, ["type", "table", "columns", "through"], at);
    const { type, table, columns, through } = relation as Readonly<Record<string, unknown>>;
    if (through !== undefined || !(type === undefined || TYPES.includes(type))) {
      throw new RLSSchemaError(
        at,
        'write a relation of the type "belongsTo", "hasOne" or "hasMany": to follow one that goes ' +
          "through a table between, declare the relations to that table and from there",
      );
    }
    if (typeof table !== "string" || !isTableName(table)) {
      throw new RLSSchemaError(`${at}.table`, `write the name of a table, "projects"`);
    }
    if (!isPlainObject(columns) || Object.keys(columns).length === 0) {
      throw new RLSSchemaError(
        `${at}.columns`,
        `write the columns of both tables that are equal, { project_id: "id" }`,
      );
    }
    for (const [own, theirs] of Object.entries(columns)) {
      assertColumn(own, `${at}.columns`);
      if (typeof theirs !== "string") {
        throw new RLSSchemaError(`${at}.columns.${own}`, "it must be the name of a column");
      }
      assertColumn(theirs, `${at}.columns.${own}`);
    }
    return [name, Object.freeze({ table, columns: Object.freeze({ ...columns }) })] as const;
  });
  // Each relation was looked at.
  return Object.freeze(Object.fromEntries(entries)) as NonNullable<
    TableRLSConfig<any>["relations"]
  >;
}

function readKey(key: string | readonly string[], path: string): readonly string[] {
  const columns = readNames(typeof key === "string" ? [key] : key, path, "columns");
  if (columns.length === 0) throw new RLSSchemaError(path, "it names no column");
  for (const column of columns) assertColumn(column, path);
  return columns;
}

function readStamp(stamp: unknown, path: string): NonNullable<TableRLSConfig<any>["stamp"]> {
  if (!isPlainObject(stamp)) throw new RLSSchemaError(path, "it must be an object of columns");
  for (const [column, value] of Object.entries(stamp)) {
    assertColumn(column, path);
    if (isAsyncFunction(value)) {
      throw new RLSSchemaError(`${path}.${column}`, "an async function cannot give it");
    }
    if (typeof value !== "function" && !isPolicyValue(value)) {
      throw new RLSSchemaError(
        `${path}.${column}`,
        `it is ${nameOfValue(value)}; write a value, or a function of the caller that gives one`,
      );
    }
  }
  // Each value was looked at.
  return Object.freeze({ ...stamp }) as NonNullable<TableRLSConfig<any>["stamp"]>;
}

function readColumns(columns: unknown, path: string): Readonly<Record<string, ColumnRule<any>>> {
  if (!isPlainObject(columns)) throw new RLSSchemaError(path, "it must be an object of columns");
  const entries = Object.entries(columns).map(([column, rule]) => {
    const at = `${path}.${column}`;
    assertColumn(column, path);
    if (!isPlainObject(rule)) throw new RLSSchemaError(at, "write { read, mask, write }");
    refuseUnknown(rule, ["read", "mask", "write"], at);
    const { read, mask, write } = rule;
    if (read === undefined && write === undefined) {
      throw new RLSSchemaError(at, `it says nothing; give it "read" or "write"`);
    }
    if (isAsyncFunction(read) || isAsyncFunction(write)) {
      throw new RLSSchemaError(at, "an async function cannot say who may use a column");
    }
    const readable = typeof read === "boolean" || typeof read === "function" ||
      read === undefined || read instanceof RelationCondition ||
      (isPlainObject(read) && !isOperationNodeSource(read));
    if (!readable) {
      throw new RLSSchemaError(`${at}.read`, "it must be a condition");
    }
    if (isPlainObject(read)) assertObjectCondition(read, `${at}.read`);
    if (write !== undefined && typeof write !== "boolean" && typeof write !== "function") {
      throw new RLSSchemaError(`${at}.write`, "it must be a boolean, or a function of the caller");
    }
    if (mask !== undefined) {
      if (read === undefined) throw new RLSSchemaError(at, `"mask" has no use without "read"`);
      if (mask !== null && !["string", "number", "boolean"].includes(typeof mask)) {
        throw new RLSSchemaError(`${at}.mask`, "it must be null, a text, a number or a boolean");
      }
    }
    return [column, Object.freeze({ ...rule })] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}
