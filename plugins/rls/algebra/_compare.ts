import type { DialectName } from "@kysera/executor";
import type { Truth } from "./_in_memory.ts";

/** A column that a value was read from, as far as the catalog is known. */
export interface ComparedColumn {
  readonly type?: string | undefined;
  readonly collation?: string | undefined;
}

/** How two values stand to each other: of `different` ones the order is not known. */
export type Comparison = -1 | 0 | 1 | "different" | undefined;

/**
 * Compares values as the database does, where that can be told without it.
 *
 * | values                  | are compared                                                            |
 * | ----------------------- | ----------------------------------------------------------------------- |
 * | of different types      | not: drivers give large numbers as texts, databases convert, or fail    |
 * | numbers                 | unless they are too large, or rounded (`real`, `float`), to be exact    |
 * | texts                   | identical ones are equal; others differ where no collation, padding or  |
 * |                         | spelling of their type could make them equal; their order is not known  |
 * | numbers as texts        | by value, where the catalog says that the column is a number            |
 * | dates                   | unless the column may hold more digits, or a zone may tell them apart   |
 * | bytes                   | byte by byte                                                            |
 *
 * @returns `undefined` where the database may see it either way
 */
export function compareAsDatabase(
  a: unknown,
  b: unknown,
  column: ComparedColumn,
  dialect: DialectName,
): Comparison {
  const [left, right] = [comparable(a, dialect), comparable(b, dialect)];
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right, column, dialect);
  if (typeof left === "string" && typeof right === "string") {
    return compareTexts(left, right, column, dialect);
  }
  if (typeof left === "boolean" && typeof right === "boolean") {
    return signOf(Number(left), Number(right));
  }
  if (left instanceof Date && right instanceof Date) {
    return compareDates(left.getTime(), right.getTime(), column, dialect);
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && left.every((byte, i) => byte === right[i])
      ? 0
      : "different";
  }
  return undefined;
}

/** Returns whether two values are the same to the database. */
export function isSame(comparison: Comparison): Truth {
  return comparison === undefined ? undefined : comparison === 0;
}

/** Other databases than PostgreSQL have numbers for booleans. */
function comparable(value: unknown, dialect: DialectName): unknown {
  return typeof value === "boolean" && dialect !== "postgres" ? Number(value) : value;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value));
}

function signOf(a: number | bigint, b: number | bigint): -1 | 0 | 1 {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The name of a type, without its length. */
function baseOf({ type }: ComparedColumn): string | undefined {
  return type?.replace(/\s*\([^)]*\)/g, "").trim();
}

const INTEGERS =
  /^(?:(?:tiny|small|medium|big)?int|integer|smallint|bigint|oid|year)(?: unsigned)?$/;

function compareNumbers(
  a: number | bigint,
  b: number | bigint,
  column: ComparedColumn,
  dialect: DialectName,
): Comparison {
  // What is larger was rounded when it was read.
  if ([a, b].some((n) => Number.isInteger(n) && !Number.isSafeInteger(n))) return undefined;
  const sign = signOf(a, b);
  const base = baseOf(column);
  if (dialect === "sqlite" || (base !== undefined && INTEGERS.test(base))) return sign;
  const [x, y] = [Number(a), Number(b)];
  if (base === "double precision" || base === "double") return sign;
  const areWhole = Number.isInteger(x) && Number.isInteger(y);
  if (dialect === "postgres") {
    // A `real` is compared with the value rounded to one.
    if (base === "real" || (base === undefined && !areWhole)) {
      return sign !== 0 && Math.fround(x) === Math.fround(y) ? undefined : sign;
    }
    return areWhole || sign !== 0 ? sign : undefined;
  }
  if (areWhole && (base === undefined || base === "decimal" || base === "numeric")) return sign;
  // MySQL shows six digits of a FLOAT, and compares all.
  return Math.abs(x - y) > 1e-5 * Math.max(Math.abs(x), Math.abs(y)) ? sign : undefined;
}

function compareTexts(
  a: string,
  b: string,
  column: ComparedColumn,
  dialect: DialectName,
): Comparison {
  const base = baseOf(column);
  switch (dialect) {
    case "postgres":
      return compareInPostgres(a, b, base, column.collation);
    case "sqlite":
      return compareInSqlite(a, b, base);
    default:
      return compareInMysql(a, b, base, column.collation);
  }
}

function compareInPostgres(
  a: string,
  b: string,
  base: string | undefined,
  collation: string | undefined,
): Comparison {
  const unless = (same: boolean): Comparison =>
    same ? 0 : collation === undefined ? "different" : undefined;
  switch (base) {
    case undefined:
      return a === b ? 0 : mayBeSameInPostgres(a, b) ? undefined : "different";
    case "text":
    case "character varying":
    case "enum":
      return unless(a === b);
    case "character":
      return unless(withoutPadding(a) === withoutPadding(b));
    case "name":
      return a === b ? 0 : Math.max(a.length, b.length) > 15 ? undefined : "different";
    case "uuid":
      return compareUuids(a, b);
    case "smallint":
    case "integer":
    case "bigint":
    case "numeric":
      return compareDecimals(a, b) ?? (a === b ? 0 : undefined);
    default:
      return a === b ? 0 : undefined;
  }
}

/** Of a column whose type is not known: of many types, texts that differ may be the same value. */
function mayBeSameInPostgres(a: string, b: string): boolean {
  const [x, y] = [folded(a), folded(b)];
  if (x === y) return true;
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return BigInt(a) === BigInt(b);
  if (UUID.test(a) && UUID.test(b)) return compareUuids(a, b) === 0;
  // Dates, intervals, numbers and addresses do not begin with such a word.
  return ![x, y].some((text) => /^[a-z][^:]*[g-z]/.test(text) && !SPECIAL.test(text));
}

const SPECIAL = /^(?:-?inf|nan|now|today|tomorrow|yesterday|epoch|true|false|yes|no|on|off|p)/;
const UUID = /^\{?[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}\}?$/i;

function compareUuids(a: string, b: string): Comparison {
  if (!UUID.test(a) || !UUID.test(b)) return undefined;
  const [x, y] = [a, b].map((uuid) => uuid.replace(/[{}-]/g, "").toLowerCase());
  return x === y ? 0 : "different";
}

function folded(text: string): string {
  return withoutPadding(text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase());
}

function withoutPadding(text: string): string {
  return text.replace(/ +$/, "");
}

/** A column may have the collation NOCASE or RTRIM, of which the catalog does not tell. */
function compareInSqlite(a: string, b: string, base: string | undefined): Comparison {
  if (a === b) return 0;
  const fold = (text: string): string =>
    withoutPadding(text).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (fold(a) === fold(b)) return undefined;
  // Other columns turn texts that are numbers into numbers.
  const isText = base === undefined || base === "" || /char|clob|text|blob/.test(base);
  return isText || ![a, b].some((text) => /^\s*[-+.\d]/.test(text)) ? "different" : undefined;
}

function compareInMysql(
  a: string,
  b: string,
  base: string | undefined,
  collation: string | undefined,
): Comparison {
  if (base !== undefined && /^(?:decimal|numeric|(?:big)?int)(?: |$)/.test(base)) {
    const comparison = compareDecimals(a, b);
    // A number may be compared with a text as a double.
    return comparison !== 0 && Number(a) === Number(b) ? undefined : comparison;
  }
  if (base === "json") return undefined;
  if (a === b) return 0;
  if (base !== undefined && !/^(?:(?:var)?char|(?:tiny|medium|long)?text|enum|set)\b/.test(base)) {
    return undefined;
  }
  // A number as a text is equal to whatever begins with it.
  if (base === undefined && [a, b].some((text) => /^\s*[-+.\d]/.test(text))) return undefined;
  if (collation?.endsWith("_bin") === true) {
    return withoutPadding(a) === withoutPadding(b) ? undefined : "different";
  }
  if (collation !== undefined && !COMMON_COLLATION.test(collation)) return undefined;
  return mayBeSameInMysql(a, b) ? undefined : "different";
}

/** Those that take no two letters for one. */
const COMMON_COLLATION =
  /^(?:(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf32|latin1|ascii)_)?(?:general_|unicode_|swedish_|0900_a|uca1400_(?:nopad_)?a[is]_)/;

/** Whether texts may be equal where letter case, accents, padding and control characters are not seen. */
function mayBeSameInMysql(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  for (let i = 0; i < short.length; i++) {
    const [x, y] = [short[i]!, long[i]!];
    // One that is not a plain one may stand for several, or for none.
    if (!PLAIN.test(x) || !PLAIN.test(y)) return true;
    if (letterOf(x) !== letterOf(y)) return false;
  }
  const rest = long.slice(short.length);
  return /^ *$/.test(rest) || /[^\x20-\x7e]/.test(rest);
}

const PLAIN = /[\x20-\x7e]/;

/** Swedish has one letter for `v` and `w`. */
function letterOf(character: string): string {
  const lower = character.toLowerCase();
  return lower === "w" ? "v" : lower;
}

const DECIMAL = /^([-+]?)0*(\d*)(?:\.(\d*?)0*)?$/;

/** Compares decimal numbers of any length; `undefined` where one of them is not one. */
function compareDecimals(a: string, b: string): Comparison {
  const [x, y] = [decimalOf(a), decimalOf(b)];
  if (x === undefined || y === undefined) return undefined;
  const digits = Math.max(x.fraction.length, y.fraction.length);
  const scaled = ({ sign, whole, fraction }: Decimal): bigint =>
    sign * BigInt(`0${whole}${fraction.padEnd(digits, "0")}`);
  return signOf(scaled(x), scaled(y));
}

interface Decimal {
  readonly sign: 1n | -1n;
  readonly whole: string;
  readonly fraction: string;
}

function decimalOf(text: string): Decimal | undefined {
  const match = /\d/.test(text) ? DECIMAL.exec(text) : null;
  if (match === null) return undefined;
  return { sign: match[1] === "-" ? -1n : 1n, whole: match[2]!, fraction: match[3] ?? "" };
}

const TWO_DAYS = 2 * 24 * 60 * 60 * 1000;

function compareDates(
  a: number,
  b: number,
  column: ComparedColumn,
  dialect: DialectName,
): Comparison {
  if (Number.isNaN(a) || Number.isNaN(b) || dialect === "sqlite") return undefined;
  const sign = signOf(a, b);
  const base = baseOf(column);
  if (sign === 0) return holdsNoMore(column, base, dialect) ? 0 : undefined;
  if (base === "timestamp with time zone") return sign;
  // Without a zone, two times are one in the hour that is there twice; of a date the time is not seen.
  return Math.abs(a - b) >= TWO_DAYS ? sign : undefined;
}

/** Whether a column holds no more digits of a second than a `Date` does. */
function holdsNoMore(
  { type }: ComparedColumn,
  base: string | undefined,
  dialect: DialectName,
): boolean {
  if (base === undefined) return false;
  if (base === "date") return true;
  if (!/^(?:timestamp|datetime)/.test(base)) return false;
  const digits = /\((\d)\)/.exec(type!)?.[1];
  return digits === undefined ? dialect === "mysql" : Number(digits) <= 3;
}
