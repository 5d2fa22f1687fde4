import type { SchemaSnapshot, SchemaType } from "@kysera/migrations/schema";
import type { ScalarOptions } from "../../types/_scalars.ts";
import { either, type Shape } from "./_shape.ts";
import { lengthOf, numericRow, type TypeShapes } from "./_type_shapes.ts";

const TEXT: Shape = { kind: "text" };

/** Returns what the values of a type of PostgreSQL are, through `pg` or PGlite. */
export function postgresShapes(
  type: SchemaType,
  schema: SchemaSnapshot,
  options: ScalarOptions,
): TypeShapes {
  if (type.kind === "domain") {
    const domain = schema.domains.find((each) =>
      each.schema === type.schema && each.name === type.name
    );
    // An array of a domain is text to the driver, which does not know the domain.
    if (domain === undefined || type.array) return { input: TEXT, row: TEXT };
    return postgresShapes(domain.type, schema, options);
  }
  if (type.kind === "enum") {
    const values = schema.enums.find((each) =>
      each.schema === type.schema && each.name === type.name
    )?.values ??
      [];
    const choice: Shape = { kind: "choice", values };
    if (!type.array) return { input: choice, row: choice };
    return {
      input: { kind: "list", of: choice },
      row: { kind: "list", of: choice, mayHoldNull: true },
      codec: "enumArray",
    };
  }
  const scalar = type.kind === "base" ? scalarShapes(type, options) : { input: TEXT, row: TEXT };
  if (!type.array) return scalar;
  return {
    // In an array, JSON is the text of it.
    input: { kind: "list", of: scalar.codec === "json" ? TEXT : scalar.input },
    row: { kind: "list", of: scalar.row },
  };
}

function scalarShapes(
  { name, text }: SchemaType,
  { dateParser, numericParser, isPglite }: ScalarOptions,
): TypeShapes {
  const same = (shape: Shape): TypeShapes => ({ input: shape, row: shape });
  const whole = (limit: number): TypeShapes => ({
    input: { kind: "integer", min: -limit, max: limit - 1 },
    row: { kind: "integer" },
  });
  const time: Shape = dateParser === "string" ? TEXT : { kind: "date" };
  const special: Shape = isPglite ? TEXT : { kind: "any" };
  switch (name) {
    case "bool":
      return same({ kind: "boolean" });
    case "bytea":
      return same({ kind: "bytes" });
    case "int2":
      return whole(2 ** 15);
    case "int4":
      return whole(2 ** 31);
    case "oid":
      return { input: { kind: "integer", min: 0, max: 2 ** 32 - 1 }, row: { kind: "integer" } };
    case "int8":
      return {
        input: either({ kind: "bigint" }, { kind: "integer" }, { kind: "digits" }),
        row: isPglite ? either({ kind: "bigint" }, { kind: "integer" }) : TEXT,
      };
    case "float4":
    case "float8":
      return same({ kind: "number" });
    case "numeric":
      return {
        input: either({ kind: "number" }, { kind: "decimal" }),
        row: numericRow(numericParser),
      };
    case "date":
      return { input: either({ kind: "day" }, { kind: "date" }), row: time };
    case "timestamp":
    case "timestamptz":
      return { input: either({ kind: "date" }, { kind: "instant" }), row: time };
    case "json":
    case "jsonb":
      return { ...same({ kind: "json" }), codec: "json" };
    case "uuid":
      return { input: { kind: "uuid" }, row: TEXT };
    case "interval":
    case "point":
    case "circle":
      return { input: TEXT, row: special };
    case "varchar":
    case "bpchar":
      return { input: { kind: "text", max: lengthOf(text) }, row: TEXT };
    default:
      return same(TEXT);
  }
}
