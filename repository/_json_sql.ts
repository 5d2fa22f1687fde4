import type { Dialect } from "@kysera/core";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import type { Ref } from "./_json_condition.ts";

type Path = readonly (string | number)[];
type Put = (...values: readonly unknown[]) => void;
type Next = () => unknown;
type Test = (ref: Ref, next: Next) => RawBuilder<SqlBool>;
type Place = (ref: Ref, next: Next) => RawBuilder<unknown>;

/**
 * How a dialect asks what stands in JSON. Each function puts the values down in the order in which the
 * SQL that it returns takes them.
 */
export interface JsonSql {
  /** Whether there is nothing at a place, or JSON's null; or that there is something. */
  isNone(path: Path, isNone: boolean, put: Put): Test;
  /** A scalar of a kind that is compared; one of another kind is never equal, greater or less. */
  compares(path: Path, kind: string, sign: string, value: unknown, put: Put): Test;
  /** Whether an object or a list is the same, whatever the order of keys. */
  readonly equalsWhole: ((path: Path, value: unknown, put: Put) => Test) | undefined;
  /** Whether a text matches a pattern. */
  matches(path: Path, operator: string, text: string, put: Put): Test;
  /** Whether an object has a key. */
  hasKey(path: Path, key: string, put: Put): Test;
  /** Whether there is a list at a place. */
  isList(path: Path, put: Put): Test;
  /** Whether the list at a place holds a scalar. */
  holds(path: Path, kind: string, item: unknown, put: Put): Test;
  /** Whether the list at a place holds nothing but these scalars. */
  readonly containedBy: ((path: Path, items: readonly unknown[], put: Put) => Test) | undefined;
}

/** Operators, as SQL: none of them comes from outside. */
const SIGNS: Readonly<Record<string, RawBuilder<unknown>>> = {
  "=": sql`=`,
  ">": sql`>`,
  ">=": sql`>=`,
  "<": sql`<`,
  "<=": sql`<=`,
};

function jsonOf(value: unknown): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** The text of a comparison, and whether the pattern is one of the user. */
function pattern(operator: string, text: string): string {
  const escaped = text.replace(/[!%_]/g, "!$&");
  if (operator === "contains") return `%${escaped}%`;
  if (operator === "startsWith") return `${escaped}%`;
  return operator === "endsWith" ? `%${escaped}` : text;
}

function like(
  operator: string,
  text: RawBuilder<unknown>,
  next: Next,
  hasIlike: boolean,
): RawBuilder<SqlBool> {
  if (operator === "like") return sql<SqlBool>`${text} like ${next()}`;
  if (operator !== "ilike") return sql<SqlBool>`${text} like ${next()} escape '!'`;
  return hasIlike
    ? sql<SqlBool>`${text} ilike ${next()}`
    : sql<SqlBool>`lower(${text}) like lower(${next()})`;
}

/** A path in the language that SQLite, MySQL and MariaDB share. */
function pathText(path: Path): string {
  return `$${
    path.map((step) => typeof step === "number" ? `[${step}]` : `.${JSON.stringify(step)}`).join("")
  }`;
}

const SQLITE: JsonSql = {
  isNone(path, isNone, put) {
    put(pathText(path));
    return (ref, next) => {
      const type = sql`coalesce(json_type(${ref}, ${next()}), 'null')`;
      return isNone ? sql<SqlBool>`${type} = 'null'` : sql<SqlBool>`${type} <> 'null'`;
    };
  },
  compares(path, kind, sign, value, put) {
    const place = pathText(path);
    if (kind === "boolean") {
      put(place, String(value));
      return (ref, next) => sql<SqlBool>`json_type(${ref}, ${next()}) = ${next()}`;
    }
    put(place, place, value);
    return (ref, next) => {
      const type = sql`json_type(${ref}, ${next()})`;
      const isOfKind = kind === "text"
        ? sql`${type} = 'text'`
        : sql`${type} in ('integer', 'real')`;
      return sql<SqlBool>`(${isOfKind} and json_extract(${ref}, ${next()}) ${SIGNS[
        sign
      ]!} ${next()})`;
    };
  },
  equalsWhole: undefined,
  matches(path, operator, text, put) {
    const place = pathText(path);
    put(place, place, pattern(operator, text));
    return (ref, next) => {
      const isText = sql`json_type(${ref}, ${next()}) = 'text'`;
      return sql<SqlBool>`(${isText} and ${
        like(operator, sql`json_extract(${ref}, ${next()})`, next, false)
      })`;
    };
  },
  hasKey(path, key, put) {
    put(pathText(path), pathText([...path, key]));
    return (ref, next) =>
      sql<
        SqlBool
      >`(json_type(${ref}, ${next()}) = 'object' and json_type(${ref}, ${next()}) is not null)`;
  },
  isList(path, put) {
    put(pathText(path));
    return (ref, next) => sql<SqlBool>`json_type(${ref}, ${next()}) = 'array'`;
  },
  holds(path, kind, item, put) {
    const place = pathText(path);
    const items: Place = (ref, next) =>
      sql`select 1 from json_each(${ref}, ${next()}) as jsonitem where`;
    if (kind === "null" || kind === "boolean") {
      put(place, String(item));
      return (ref, next) => sql<SqlBool>`exists (${items(ref, next)} jsonitem.type = ${next()})`;
    }
    put(place, item);
    return (ref, next) => {
      const start = items(ref, next);
      const types = kind === "text" ? sql`('text')` : sql`('integer', 'real')`;
      return sql<
        SqlBool
      >`exists (${start} jsonitem.type in ${types} and jsonitem.atom = ${next()})`;
    };
  },
  containedBy: undefined,
};

const MYSQL: JsonSql = {
  isNone(path, isNone, put) {
    const at = placeOfMysql(path, put);
    return (ref, next) => {
      const type = sql`coalesce(json_type(${at(ref, next)}), 'NULL')`;
      return isNone ? sql<SqlBool>`${type} = 'NULL'` : sql<SqlBool>`${type} <> 'NULL'`;
    };
  },
  compares(path, kind, sign, value, put) {
    const typed = placeOfMysql(path, put);
    const at = placeOfMysql(path, put);
    put(kind === "boolean" ? String(value) : value);
    return (ref, next) => {
      const type = sql`json_type(${typed(ref, next)})`;
      const text = sql`json_unquote(${at(ref, next)})`;
      if (kind === "number") {
        // Literal numbers are decimals, and those of JSON may be anything.
        return sql<SqlBool>`(${type} in ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') and ${
          typeof value === "bigint"
            ? sql`cast(${text} as decimal(65, 30))`
            : sql`cast(${text} as double)`
        } ${SIGNS[sign]!} ${next()})`;
      }
      const isOfKind = kind === "text" ? sql`${type} = 'STRING'` : sql`${type} = 'BOOLEAN'`;
      // Texts of JSON differ in letter case, whatever the collation of the column.
      return sql<
        SqlBool
      >`(${isOfKind} and cast(${text} as binary) ${SIGNS[sign]!} cast(${next()} as binary))`;
    };
  },
  equalsWhole: undefined,
  matches(path, operator, text, put) {
    const typed = placeOfMysql(path, put);
    const at = placeOfMysql(path, put);
    put(pattern(operator, text));
    return (ref, next) => {
      const isText = sql`json_type(${typed(ref, next)}) = 'STRING'`;
      return sql<SqlBool>`(${isText} and ${
        like(operator, sql`json_unquote(${at(ref, next)})`, next, false)
      })`;
    };
  },
  hasKey(path, key, put) {
    const typed = placeOfMysql(path, put);
    put(pathText([...path, key]));
    return (ref, next) =>
      sql<SqlBool>`(json_type(${
        typed(ref, next)
      }) = 'OBJECT' and json_contains_path(${ref}, 'one', ${next()}) = 1)`;
  },
  isList(path, put) {
    const typed = placeOfMysql(path, put);
    return (ref, next) => sql<SqlBool>`json_type(${typed(ref, next)}) = 'ARRAY'`;
  },
  holds(path, _kind, item, put) {
    put(jsonOf(item), pathText(path));
    return (ref, next) => sql<SqlBool>`json_contains(${ref}, ${next()}, ${next()}) = 1`;
  },
  containedBy: undefined,
};

/**
 * A place in JSON. MySQL treats a value that is not a list as a list of one: a place in a list counts
 * only if the value is a list.
 */
function placeOfMysql(path: Path, put: Put): Place {
  const lists = path.flatMap((step, i) => typeof step === "number" ? [path.slice(0, i)] : []);
  for (const list of lists) put(pathText(list));
  put(pathText(path));
  return (ref, next) => {
    const tests = lists.map(() => sql`json_type(json_extract(${ref}, ${next()})) = 'ARRAY'`);
    const place = sql`json_extract(${ref}, ${next()})`;
    return tests.length === 0
      ? place
      : sql`case when ${sql.join(tests, sql` and `)} then ${place} end`;
  };
}

const POSTGRES: JsonSql = {
  isNone(path, isNone, put) {
    const at = placeOfPostgres(path, put);
    return (ref, next) => {
      const type = sql`coalesce(jsonb_typeof(${at(ref, next)}), 'null')`;
      return isNone ? sql<SqlBool>`${type} = 'null'` : sql<SqlBool>`${type} <> 'null'`;
    };
  },
  compares(path, kind, sign, value, put) {
    const typed = placeOfPostgres(path, put);
    const at = placeOfPostgres(path, put);
    put(kind === "text" ? value : jsonOf(value));
    return (ref, next) => {
      const isOfKind = sql`jsonb_typeof(${typed(ref, next)}) = ${
        kind === "text" ? sql`'string'` : kind === "number" ? sql`'number'` : sql`'boolean'`
      }`;
      const place = at(ref, next);
      return kind === "text"
        ? sql<
          SqlBool
        >`(${isOfKind} and (${place} #>> '{}') ${SIGNS[sign]!} cast(${next()} as text))`
        : sql<SqlBool>`(${isOfKind} and ${place} ${SIGNS[sign]!} ${jsonb(next())})`;
    };
  },
  equalsWhole(path, value, put) {
    const at = placeOfPostgres(path, put);
    put(jsonOf(value));
    return (ref, next) => sql<SqlBool>`${at(ref, next)} = ${jsonb(next())}`;
  },
  matches(path, operator, text, put) {
    const typed = placeOfPostgres(path, put);
    const at = placeOfPostgres(path, put);
    put(pattern(operator, text));
    return (ref, next) => {
      const isText = sql`jsonb_typeof(${typed(ref, next)}) = 'string'`;
      return sql<SqlBool>`(${isText} and ${
        like(operator, sql`(${at(ref, next)} #>> '{}')`, next, true)
      })`;
    };
  },
  hasKey(path, key, put) {
    const typed = placeOfPostgres(path, put);
    const at = placeOfPostgres([...path, key], put);
    return (ref, next) =>
      sql<SqlBool>`(jsonb_typeof(${typed(ref, next)}) = 'object' and ${at(ref, next)} is not null)`;
  },
  isList(path, put) {
    const typed = placeOfPostgres(path, put);
    return (ref, next) => sql<SqlBool>`jsonb_typeof(${typed(ref, next)}) = 'array'`;
  },
  holds(path, _kind, item, put) {
    const at = placeOfPostgres(path, put);
    put(jsonOf([item]));
    return (ref, next) => sql<SqlBool>`${at(ref, next)} @> ${jsonb(next())}`;
  },
  containedBy(path, items, put) {
    const typed = placeOfPostgres(path, put);
    const at = placeOfPostgres(path, put);
    put(jsonOf(items));
    return (ref, next) =>
      sql<SqlBool>`(jsonb_typeof(${typed(ref, next)}) = 'array' and ${at(ref, next)} <@ ${
        jsonb(next())
      })`;
  },
};

/** A key finds nothing in a list, nor a number in an object: the steps are of different types. */
function placeOfPostgres(path: Path, put: Put): Place {
  put(...path);
  return (ref, next) => {
    let place = sql`cast(${ref} as jsonb)`;
    for (const step of path) {
      place = typeof step === "number"
        // To the operator, a scalar is a list of itself.
        ? sql`jsonb_path_query_first(${place}, 'strict $[$i]', jsonb_build_object('i', cast(${next()} as int)), true)`
        : sql`${place} -> cast(${next()} as text)`;
    }
    return sql`(${place})`;
  };
}

function jsonb(text: unknown): RawBuilder<unknown> {
  return sql`cast(cast(${text} as text) as jsonb)`;
}

/** By dialect; those without conditions on JSON have none. */
export const JSON_SQL: { readonly [D in Dialect]?: JsonSql } = {
  sqlite: SQLITE,
  mysql: MYSQL,
  postgres: POSTGRES,
};

const ARRAY_SIGNS: Readonly<Record<string, RawBuilder<unknown>>> = {
  arrayContains: sql`@>`,
  arrayOverlaps: sql`&&`,
  arrayContainedBy: sql`<@`,
};

/** A comparison of a column of PostgreSQL that is an array; `undefined` for an operator of others. */
export function arrayTest(operator: string): Test | undefined {
  const sign = Object.hasOwn(ARRAY_SIGNS, operator) ? ARRAY_SIGNS[operator]! : undefined;
  return sign === undefined ? undefined : (ref, next) => sql<SqlBool>`${ref} ${sign} ${next()}`;
}
