import type { ScalarOptions } from "../../types/_scalars.ts";
import type { Shape } from "./_shape.ts";

/** The codecs of `@kysera/repository` that a column is given. */
export type CodecName = "json" | "enumArray";

/** What values of a type are, as the types of `generate types` have them. */
export interface TypeShapes {
  /** What is written. */
  readonly input: Shape;
  /** What is read. */
  readonly row: Shape;
  /** The codec by which it is so. */
  readonly codec?: CodecName | undefined;
}

/** The number in brackets of a declared type: 50 of `varchar(50)`. */
export function lengthOf(text: string): number | undefined {
  const length = /\(\s*(\d{1,9})\s*\)/.exec(text)?.[1];
  return length === undefined ? undefined : Number(length);
}

/** What a driver makes of `numeric`. */
export function numericRow(parser: ScalarOptions["numericParser"]): Shape {
  const text: Shape = { kind: "text" };
  const number: Shape = { kind: "number" };
  if (parser === "number") return number;
  return parser === "string" ? text : { kind: "either", of: [number, text] };
}
