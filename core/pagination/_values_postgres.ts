import { CastNode, ExpressionWrapper, RawNode, sql } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { KeyType } from "./_values.ts";

/**
 * The types that a value is cast to before it is compared, by the names that `pg_typeof` has for
 * them. A bare `bit` or `character` would cut the value down to one place; a type's own name does
 * not.
 */
const types: ReadonlyMap<string, string> = new Map([
  ...[
    "bigint",
    "boolean",
    "bytea",
    "cidr",
    "date",
    "double precision",
    "inet",
    "integer",
    "interval",
    "jsonb",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "oid",
    "real",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "smallint",
    "text",
    "time without time zone",
    "time with time zone",
    "timestamp without time zone",
    "timestamp with time zone",
    "uuid",
  ].map((name) => [name, name] as const),
  ["bit", '"bit"'],
  ["bit varying", "varbit"],
  ["character", "bpchar"],
  ["character varying", "varchar"],
]);

const text = RawNode.createWithSql("text");
const isArray = /\[\]$/;

/** Types that are none of the table, and whose values look like those of composite types. */
const RANGES = /range$/;

function isComposite(kind: string, text: string): boolean {
  return kind === "record" || (text.startsWith("(") && text.endsWith(")") &&
    !types.has(kind) && !RANGES.test(kind));
}

/** Values as PostgreSQL writes and reads them. */
export const postgresValues: KeyType = {
  select(key) {
    const node = new ExpressionWrapper(key);
    // The sign in front keeps plugins from taking the text for something to parse
    return {
      y: sql`cast(pg_typeof(${node}) as text)`.toOperationNode(),
      t: sql`'=' || cast(${node} as text)`.toOperationNode(),
    };
  },
  read({ y, t }) {
    if (t === null) return null;
    const [kind, text] = [String(y), String(t).slice(1)];
    if (isComposite(kind, text)) {
      throw new BadRequestError(
        `Cannot paginate by cursor: the order has a value of the composite type ${kind}, which ` +
          "PostgreSQL reads back from no text; order by its fields",
      );
    }
    return [kind, text];
  },
  form: ([kind]) => kind,
  parameter: ([, text]) => text,
  operand(kind, parameter) {
    const type = types.get(kind.replace(isArray, ""));
    // An enum, a domain, a type of an extension: what the value is compared with says what it is
    if (type === undefined) return parameter;
    const suffix = isArray.test(kind) ? "[]" : "";
    // As text first: else drivers would see a parameter of that type, and convert the value to it
    return CastNode.create(CastNode.create(parameter, text), RawNode.createWithSql(type + suffix));
  },
};

const INTEGERS: ReadonlySet<string> = new Set(["smallint", "integer", "bigint"]);
const DIGITS = /^-?\d{1,19}$/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Values of a column of a table.
 *
 * @param type its type, as `format_type` writes it
 */
export function postgresColumn(type: string | undefined): KeyType {
  if (type !== undefined && INTEGERS.has(type)) {
    return {
      ...postgresValues,
      direct(value) {
        if (value === null) return null;
        const isExact = typeof value === "number"
          ? Number.isSafeInteger(value)
          : typeof value === "bigint" || (typeof value === "string" && DIGITS.test(value));
        return isExact ? [type, String(value)] : undefined;
      },
    };
  }
  if (type === "uuid") {
    return {
      ...postgresValues,
      direct(value) {
        if (value === null) return null;
        return typeof value === "string" && UUID.test(value) ? [type, value] : undefined;
      },
    };
  }
  return postgresValues;
}
