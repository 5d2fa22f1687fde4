/** A function, a procedure, or an event of MySQL. */
export interface SchemaRoutine {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** What kind of routine it is. */
  readonly kind: "function" | "procedure" | "aggregate" | "event";
  /** Its parameters as the database writes them; they tell overloaded functions apart. */
  readonly parameters: string;
  /** What it returns; `null` for what returns nothing. */
  readonly returns: string | null;
  /** The statement that creates it, in canonical form. */
  readonly definition: string;
  /** Its comment. */
  readonly comment: string | null;
}

/** A sequence, except those of identity columns. */
export interface SchemaSequence {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** The type of its numbers. */
  readonly type: string;
  /** The first number. A text, as all of these, because it may be too large for a number. */
  readonly start: string;
  /** The distance of two numbers. */
  readonly increment: string;
  /** The least number. */
  readonly minimum: string;
  /** The greatest number. */
  readonly maximum: string;
  /** How many numbers a session takes at once. */
  readonly cache: string;
  /** Whether it begins again behind the last number. */
  readonly cycle: boolean;
  /** The column that it is dropped with, as of `serial`. */
  readonly ownedBy: { readonly table: string; readonly column: string } | null;
  /** Its comment. */
  readonly comment: string | null;
}
