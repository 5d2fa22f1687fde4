import { propertyName } from "../../types/_names.ts";
import { callText, objectText } from "./_layout.ts";
import type { SchemaLibrary } from "./_schema_library.ts";
import type { Shape, SimpleShape } from "./_shape.ts";

const SIMPLE: Readonly<Record<SimpleShape, string>> = {
  any: "z.any()",
  bigint: "z.bigint()",
  boolean: "z.boolean()",
  bytes: "z.instanceof(Uint8Array)",
  date: "z.date()",
  day: "z.iso.date()",
  decimal: String.raw`z.string().regex(/^-?\d+(?:\.\d+)?$/)`,
  digits: String.raw`z.string().regex(/^-?\d{1,19}$/)`,
  instant: "z.iso.datetime({ offset: true }).transform((text) => new Date(text))",
  json: "z.json()",
  unknown: "z.unknown()",
  uuid: "z.guid()",
};

/** Zod 4. */
export const ZOD: SchemaLibrary = {
  importLine: 'import * as z from "zod";',
  jsonHelper: undefined,
  shape: zodOf,
  wrap: (expression, what) => `${expression}.${what}()`,
  strictObject: "z.strictObject",
  object: "z.object",
  partial(name, omitted) {
    if (omitted.length === 0) return `${name}.partial()`;
    const mask = omitted.map((key) => `${propertyName(key)}: true`);
    const start = `${name}.omit(`;
    // `export const NewUserSchema = ` stands before it.
    const place = { indent: "", before: 2 * start.length + 15, after: ").partial();".length };
    return `${start}${objectText(mask, place)}).partial()`;
  },
};

function zodOf(shape: Shape, indent: string, before: number): string {
  switch (shape.kind) {
    case "text":
      return `z.string()${limit("min", shape.min)}${limit("max", shape.max)}`;
    case "integer":
      return `z.int()${limit("min", shape.min)}${limit("max", shape.max)}`;
    case "number":
      return `z.number()${limit("min", shape.min)}${limit("gt", shape.above)}` +
        `${limit("max", shape.max)}${limit("lt", shape.below)}`;
    case "choice": {
      const isText = shape.values.every((value) => typeof value === "string");
      const values = shape.values.map((value) => JSON.stringify(value));
      return callText(isText ? "z.enum" : "z.literal", ["([", "])"], values, { indent, before });
    }
    case "list": {
      const of = zodOf(shape.of, indent, before + "z.array(".length);
      return `z.array(${of}${shape.mayHoldNull ? ".nullable()" : ""})`;
    }
    case "either": {
      const items = shape.of.map((each) => zodOf(each, `${indent}  `, before));
      return callText("z.union", ["([", "])"], items, { indent, before });
    }
    default:
      return SIMPLE[shape.kind];
  }
}

function limit(name: string, value: number | undefined): string {
  return value === undefined ? "" : `.${name}(${value})`;
}
