/** What a value of a column has to be, whatever library checks it. */
export type Shape =
  /** A text. */
  | { readonly kind: "text"; readonly min?: number | undefined; readonly max?: number | undefined }
  /** A whole number that is exact, with its limits. */
  | {
    readonly kind: "integer";
    readonly min?: number | undefined;
    readonly max?: number | undefined;
  }
  /** A number, with limits that it may be equal to, or not. */
  | ({ readonly kind: "number" } & NumberLimits)
  /** One of some values. */
  | { readonly kind: "choice"; readonly values: readonly (string | number)[] }
  /** An array. */
  | { readonly kind: "list"; readonly of: Shape; readonly mayHoldNull?: boolean }
  /** One of several shapes. */
  | { readonly kind: "either"; readonly of: readonly Shape[] }
  | { readonly kind: SimpleShape };

/** The shapes that say all by their name. `instant` is a text of ISO 8601 that is made a `Date`. */
export type SimpleShape =
  | "any"
  | "bigint"
  | "boolean"
  | "bytes"
  | "date"
  | "day"
  | "decimal"
  | "digits"
  | "instant"
  | "json"
  | "unknown"
  | "uuid";

/** The limits of a number. */
export interface NumberLimits {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** Returns a shape that is one of several. */
export function either(...of: readonly Shape[]): Shape {
  return { kind: "either", of };
}

/** Returns whether a shape, or a part of it, is of a kind. */
export function holds(shape: Shape, kind: Shape["kind"]): boolean {
  if (shape.kind === kind) return true;
  if (shape.kind === "list") return holds(shape.of, kind);
  return shape.kind === "either" && shape.of.some((each) => holds(each, kind));
}
