import type { CodeColumn } from "./_code_relation.ts";
import { quoted } from "./_layout.ts";
import type { Shape } from "./_shape.ts";

/** Types whose values are texts of any kind. */
const FREE_TEXT = /^(?:text|varchar|bpchar|char|citext|name|tinytext|mediumtext|longtext)$/;

/** Values of types that not every text is a value of. */
const SPECIAL: Readonly<Record<string, string>> = {
  bit: "1",
  cidr: "10.0.0.0/8",
  circle: "<(1,2),3>",
  datemultirange: "{[2026-01-01,2026-01-02)}",
  daterange: "[2026-01-01,2026-01-02)",
  inet: "127.0.0.1",
  inet4: "127.0.0.1",
  inet6: "::1",
  int4range: "[1,2)",
  int8range: "[1,2)",
  interval: "1 day",
  jsonpath: "$.a",
  macaddr: "08:00:2b:01:02:03",
  money: "1.00",
  numrange: "[1,2)",
  point: "(1,2)",
  time: "12:00:00",
  timetz: "12:00:00Z",
  tsquery: "a",
  tsrange: "[2026-01-01,2026-01-02)",
  tstzrange: "[2026-01-01,2026-01-02)",
  tsvector: "a",
  varbit: "1",
  xml: "<a/>",
};

/** How a value is written. */
export interface SampleOptions {
  /** Which one: two numbers give two values, as far as there are two. */
  readonly number: 1 | 2;
  /** Whether codecs apply. */
  readonly isCoded: boolean;
  readonly isSqlite: boolean;
}

/** Returns a value of a column as code, or `undefined` if none is known. */
export function sampleValue(column: CodeColumn, options: SampleOptions): string | undefined {
  const { input, codec } = column;
  if (codec === "json") {
    if (options.isCoded) return `{ sample: ${options.number} }`;
    return quoted(JSON.stringify({ sample: options.number }));
  }
  if (codec === "enumArray" && !options.isCoded) return '"{}"';
  if (input.kind === "list") return "[]";
  return shapeSample(input, column, options);
}

/** Returns whether a column gives back what it is given, so that it can be compared. */
export function isComparable({ input, typeName, isArray }: CodeColumn): boolean {
  if (isArray) return false;
  if (input.kind === "text") return typeName !== "bpchar" && typeName !== "char";
  return input.kind === "integer" || input.kind === "boolean" || input.kind === "choice";
}

function shapeSample(
  shape: Shape,
  column: CodeColumn,
  options: SampleOptions,
): string | undefined {
  const { number } = options;
  switch (shape.kind) {
    case "text":
      return textSample(shape, column, options);
    case "integer":
      return integerSample(shape.min, shape.max, column.isUnique, number);
    case "number":
      return numberSample(column, number);
    case "choice":
      return valueText(shape.values[number - 1] ?? shape.values[0]);
    case "either":
      if (column.facts.values !== undefined) {
        return valueText(column.facts.values[number - 1] ?? column.facts.values[0]);
      }
      return shapeSample(
        shape.of[0]!.kind === "bigint" ? shape.of[1]! : shape.of[0]!,
        column,
        options,
      );
    case "boolean":
      return String(number === 1);
    case "bytes":
      return `new Uint8Array([${number}])`;
    case "date":
      return `new Date("2026-01-0${number}T12:00:00Z")`;
    case "day":
      return `"2026-01-0${number}"`;
    case "uuid":
      return `"00000000-0000-4000-8000-00000000000${number}"`;
    case "unknown":
      return String(number);
    default:
      return undefined;
  }
}

function valueText(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function textSample(
  { min = 0, max = Infinity }: {
    readonly min?: number | undefined;
    readonly max?: number | undefined;
  },
  { name, typeName, typeText, values, isArray }: CodeColumn,
  { number, isSqlite }: SampleOptions,
): string | undefined {
  // A set of MySQL has values as well.
  if (values.length > 0) return JSON.stringify(values[number - 1] ?? values[0]);
  if (!isSqlite && !FREE_TEXT.test(typeName)) {
    if (isArray || !Object.hasOwn(SPECIAL, typeName)) return undefined;
    const bits = /^bit\((\d{1,4})\)/.exec(typeText)?.[1];
    return JSON.stringify(bits === undefined ? SPECIAL[typeName] : "1".repeat(Number(bits)));
  }
  const wanted = /e.?mail/i.test(name)
    ? `sample${number}@example.org`
    : /ur[il]|link/i.test(name)
    ? `https://example.org/${number}`
    : `sample ${number}`;
  const text = wanted.length <= max ? wanted : String(number).slice(0, max);
  return JSON.stringify(text.padEnd(Math.min(min, 10_000), "x"));
}

function integerSample(
  min: number | undefined,
  max: number | undefined,
  isUnique: boolean,
  number: number,
): string {
  // Other rows, of which there may be some, have lower ones.
  const far = 1_000_000 + number;
  if (isUnique && far >= (min ?? 0) && far <= (max ?? far)) return String(far);
  const low = min === undefined || min < 0 ? 0 : min;
  const value = max === undefined || low + number <= max ? low + number : low + number - 1;
  return String(max !== undefined && value > max ? max : value);
}

function numberSample({ facts }: CodeColumn, number: number): string {
  const low = facts.min ?? facts.above ?? 0;
  const high = facts.max ?? facts.below ?? Infinity;
  const from = high < low + number ? Math.min(low, high - 2) : low;
  if (facts.min === undefined && facts.above === undefined) return String(from + number);
  return String(low + number < high ? low + number : (low + high) / 2);
}
