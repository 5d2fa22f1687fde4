import type { TypeName } from "./_change.ts";
import type { Reader } from "./_reader.ts";

/** Other names of types, those of several words included. */
const SHORT: Readonly<Record<string, string>> = {
  "character varying": "varchar",
  "char varying": "varchar",
  "national varchar": "varchar",
  "nvarchar": "varchar",
  "varchar2": "varchar",
  "character": "char",
  "national char": "char",
  "nchar": "char",
  "bpchar": "char",
  "integer": "int",
  "int4": "int",
  "mediumint": "mediumint",
  "int8": "bigint",
  "int2": "smallint",
  "serial4": "serial",
  "serial8": "bigserial",
  "serial2": "smallserial",
  "boolean": "bool",
  "decimal": "numeric",
  "dec": "numeric",
  "float4": "real",
  "float8": "double",
  "double precision": "double",
  "timestamp with time zone": "timestamptz",
  "timestamp without time zone": "timestamp",
  "time with time zone": "timetz",
  "time without time zone": "time",
  "bit varying": "varbit",
};

/** Words that go on with a type of several words. */
const MORE: ReadonlySet<string> = new Set([
  "varying",
  "precision",
  "varchar",
  "char",
  "time",
  "zone",
  "with",
  "without",
]);
/** Words behind a type that change what it holds, and not what it is called. */
const SIGNS: ReadonlySet<string> = new Set(["unsigned", "signed", "zerofill", "binary"]);

/** Goes past a type. */
export function readType(reader: Reader): TypeName | undefined {
  const first = reader.objectName();
  if (first === undefined) return undefined;
  const words = [first.name];
  let sizes: number[] = [];
  let members: string[] = [];
  let isArray = false;
  for (;;) {
    const group = reader.group();
    if (group !== undefined) {
      const inside = [...group.parts()];
      members = inside.flatMap((part) => part.string() ?? []);
      sizes = inside.flatMap((part) => part.next?.kind === "number" ? Number(part.next.text) : []);
    } else if (reader.is("with", "time") || reader.is("without", "time") || isMore(reader)) {
      words.push(reader.any()!.text);
    } else if (reader.isOneOf(SIGNS)) reader.any();
    else if (reader.take("[")) {
      isArray = true;
      while (!reader.isAtEnd && !reader.take("]")) reader.any();
    } else if (reader.take("array")) isArray = true;
    else break;
  }
  const name = words.join(" ");
  return { name: SHORT[name] ?? name, sizes, isArray, members };

  function isMore(reader: Reader): boolean {
    if (!reader.isOneOf(MORE) || reader.is("with") || reader.is("without")) return false;
    const last = words.at(-1)!;
    return reader.is("varying")
      ? /^(?:character|char|bit)$/.test(last)
      : reader.is("precision")
      ? last === "double"
      : reader.is("zone")
      ? last === "time"
      : reader.is("time")
      ? last === "with" || last === "without"
      : last === "national";
  }
}

/** Types that hold text, by how much of it they hold at most. */
const TEXTS: ReadonlySet<string> = new Set(["varchar", "char", "text", "citext"]);
const INTEGERS: readonly string[] = ["tinyint", "smallint", "mediumint", "int", "bigint"];
const TEXT_SIZES: readonly string[] = ["tinytext", "text", "mediumtext", "longtext"];

/**
 * Whether values of one type may not fit into another.
 *
 * @returns `undefined` where that cannot be said
 */
export function isNarrower(from: TypeName, to: TypeName): boolean | undefined {
  const [before, after] = [from.sizes[0], to.sizes[0]];
  if (from.isArray !== to.isArray) return true;
  for (const order of [INTEGERS, TEXT_SIZES]) {
    const [a, b] = [order.indexOf(from.name), order.indexOf(to.name)];
    if (a >= 0 && b >= 0) return b < a;
  }
  if (from.name === to.name) {
    if (from.members.length > 0) return from.members.some((member) => !to.members.includes(member));
    if (after === undefined) return false;
    if (before === undefined) return true;
    return after < before || (to.sizes[1] ?? 0) < (from.sizes[1] ?? 0) ||
      after - (to.sizes[1] ?? 0) < before - (from.sizes[1] ?? 0);
  }
  if (TEXTS.has(from.name) && TEXTS.has(to.name)) {
    if (to.name === "text" || to.name === "citext") return false;
    if (after === undefined) return to.name !== "varchar";
    return before === undefined || after < before;
  }
  if (INTEGERS.includes(from.name) && (TEXTS.has(to.name) || to.name === "numeric")) {
    return after === undefined ? false : undefined;
  }
  if (TEXTS.has(from.name) && !TEXTS.has(to.name)) return true;
  if (from.name === "double" && to.name === "real") return true;
  if (from.name === "numeric" && (INTEGERS.includes(to.name) || to.name === "real")) return true;
  if (/^timestamp/.test(from.name) && to.name === "date") return true;
  return undefined;
}

/** Whether PostgreSQL changes a type without writing the table anew. */
export function isFreeInPostgres(from: TypeName, to: TypeName): boolean {
  if (from.isArray !== to.isArray) return false;
  if (from.name === to.name && JSON.stringify(from.sizes) === JSON.stringify(to.sizes)) return true;
  if (from.name === "varchar" && to.name === "text") return true;
  if (from.name === "text" && to.name === "varchar") return to.sizes.length === 0;
  const [before, after] = [from.sizes[0], to.sizes[0]];
  if (from.name === "varchar" && to.name === "varchar") {
    return after === undefined || (before !== undefined && after >= before);
  }
  if (from.name === "numeric" && to.name === "numeric") {
    return after === undefined ||
      (before !== undefined && after >= before && (from.sizes[1] ?? 0) === (to.sizes[1] ?? 0));
  }
  return from.name === "varbit" && to.name === "varbit" &&
    (after === undefined || (before !== undefined && after >= before));
}

/** Reads the type of a text that holds nothing else, such as the catalog's. */
export function typeOf(reader: Reader): TypeName {
  return readType(reader) ?? { name: "", sizes: [], isArray: false, members: [] };
}
