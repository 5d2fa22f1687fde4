import { callText } from "./_layout.ts";
import type { SchemaLibrary } from "./_schema_library.ts";
import type { Shape, SimpleShape } from "./_shape.ts";

const SIMPLE: Readonly<Record<SimpleShape, string>> = {
  any: "v.any()",
  bigint: "v.bigint()",
  boolean: "v.boolean()",
  bytes: "v.instance(Uint8Array)",
  date: "v.date()",
  day: "v.pipe(v.string(), v.isoDate())",
  decimal: String.raw`v.pipe(v.string(), v.regex(/^-?\d+(?:\.\d+)?$/))`,
  digits: String.raw`v.pipe(v.string(), v.regex(/^-?\d{1,19}$/))`,
  instant: "v.pipe(v.string(), v.isoTimestamp(), v.transform((text) => new Date(text)))",
  json: "JsonSchema",
  unknown: "v.unknown()",
  uuid: "v.pipe(v.string(), v.uuid())",
};

/** Valibot 1. */
export const VALIBOT: SchemaLibrary = {
  importLine: 'import * as v from "valibot";',
  jsonHelper: {
    imports: ['import type { JsonValue } from "@kysera/repository";'],
    text: `const JsonSchema: v.GenericSchema<JsonValue> = v.union([
  v.null(),
  v.boolean(),
  v.pipe(v.number(), v.finite()),
  v.string(),
  v.array(v.lazy(() => JsonSchema)),
  v.record(
    v.string(),
    v.lazy(() => JsonSchema),
  ),
]);`,
  },
  shape: valibotOf,
  wrap: (expression, what) => `v.${what}(${expression})`,
  strictObject: "v.strictObject",
  object: "v.object",
  partial(name, omitted) {
    const keys = omitted.map((key) => JSON.stringify(key)).join(", ");
    return omitted.length === 0 ? `v.partial(${name})` : `v.partial(v.omit(${name}, [${keys}]))`;
  },
};

function valibotOf(shape: Shape, indent: string, before: number): string {
  const piped = (start: string, ...actions: readonly string[]): string => {
    const given = actions.filter((action) => action !== "");
    return given.length === 0
      ? start
      : callText("v.pipe", ["(", ")"], [start, ...given], { indent, before });
  };
  switch (shape.kind) {
    case "text":
      return piped("v.string()", limit("minLength", shape.min), limit("maxLength", shape.max));
    case "integer":
      return piped(
        "v.number()",
        "v.safeInteger()",
        limit("minValue", shape.min),
        limit("maxValue", shape.max),
      );
    case "number":
      return piped(
        "v.number()",
        limit("minValue", shape.min),
        limit("gtValue", shape.above),
        limit("maxValue", shape.max),
        limit("ltValue", shape.below),
      );
    case "choice": {
      const values = shape.values.map((value) => JSON.stringify(value));
      return callText("v.picklist", ["([", "])"], values, { indent, before });
    }
    case "list": {
      const of = valibotOf(shape.of, indent, before + "v.array(".length);
      return `v.array(${shape.mayHoldNull ? `v.nullable(${of})` : of})`;
    }
    case "either": {
      const items = shape.of.map((each) => valibotOf(each, `${indent}  `, before));
      return callText("v.union", ["([", "])"], items, { indent, before });
    }
    default:
      return SIMPLE[shape.kind];
  }
}

function limit(name: string, value: number | undefined): string {
  return value === undefined ? "" : `v.${name}(${value})`;
}
