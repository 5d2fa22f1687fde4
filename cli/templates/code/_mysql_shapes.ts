import type { SchemaType } from "@kysera/migrations/schema";
import type { ScalarOptions } from "../../types/_scalars.ts";
import { either, type Shape } from "./_shape.ts";
import { lengthOf, numericRow, type TypeShapes } from "./_type_shapes.ts";

const TEXT: Shape = { kind: "text" };
const BITS: Readonly<Record<string, number>> = { tinyint: 8, smallint: 16, mediumint: 24, int: 32 };

/** Returns what the values of a type of MySQL or MariaDB are, through `mysql2`. */
export function mysqlShapes(
  { kind, name, text, values }: SchemaType,
  { dateParser, numericParser }: ScalarOptions,
): TypeShapes {
  const same = (shape: Shape): TypeShapes => ({ input: shape, row: shape });
  if (kind === "enum" && values.length > 0) return same({ kind: "choice", values });
  const time: Shape = dateParser === "string" ? TEXT : { kind: "date" };
  const isUnsigned = /\bunsigned\b/.test(text);
  const bits = BITS[name === "integer" ? "int" : name];
  if (bits !== undefined) {
    const max = 2 ** (isUnsigned ? bits : bits - 1) - 1;
    return {
      input: { kind: "integer", min: isUnsigned ? 0 : -max - 1, max },
      row: { kind: "integer" },
    };
  }
  switch (name) {
    case "bigint":
      return {
        input: { kind: "integer", ...isUnsigned ? { min: 0 } : {} },
        row: { kind: "integer" },
      };
    case "year":
      return same({ kind: "integer" });
    case "decimal":
    case "numeric":
      return {
        input: either({ kind: "number" }, { kind: "decimal" }),
        row: numericRow(numericParser),
      };
    case "double":
    case "float":
      return same({ kind: "number" });
    case "date":
      return { input: either({ kind: "day" }, { kind: "date" }), row: time };
    case "datetime":
    case "timestamp":
      return { input: either({ kind: "date" }, { kind: "instant" }), row: time };
    case "json":
      return { ...same({ kind: "json" }), codec: "json" };
    case "uuid":
      return { input: { kind: "uuid" }, row: TEXT };
    case "varchar":
    case "char":
      return { input: { kind: "text", max: lengthOf(text) }, row: TEXT };
  }
  if (/^(?:bit|(?:var)?binary|(?:tiny|medium|long)?blob)$/.test(name)) {
    return same({ kind: "bytes" });
  }
  if (/^geom|^(?:multi)?(?:point|linestring|polygon)$/.test(name)) return same({ kind: "any" });
  return same(TEXT);
}
