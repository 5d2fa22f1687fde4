/** What kind of type a column has. */
export type SchemaTypeKind =
  | "base"
  | "enum"
  | "set"
  | "domain"
  | "composite"
  | "range"
  | "multirange";

/** The type of a column, an attribute or a domain. */
export interface SchemaType {
  /** As the database writes it: `"character varying(50)"`, `"mood[]"`, `"int(10) unsigned"`. */
  readonly text: string;
  /**
   * The name without length, array and attributes, in the spelling of the catalog: `"varchar"`,
   * `"int4"`, `"mood"`; on MySQL `"int"`, `"enum"`; on SQLite the declared type in lower case. Empty
   * where a column of SQLite declares none.
   */
  readonly name: string;
  /** The schema of a type that the catalog defines elsewhere than itself; `null` for the default. */
  readonly schema: string | null;
  /** What kind of type it is; of an array, the kind of its elements. */
  readonly kind: SchemaTypeKind;
  /** Whether it is an array of the named type. */
  readonly array: boolean;
  /** The values of MySQL's `enum` and `set`; elsewhere empty. */
  readonly values: readonly string[];
}

/** An enumeration of PostgreSQL. */
export interface SchemaEnum {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** Its values in their order. */
  readonly values: readonly string[];
  /** Its comment. */
  readonly comment: string | null;
}

/** A check of a domain. */
export interface SchemaDomainCheck {
  /** Its name. */
  readonly name: string;
  /** Its definition, `CHECK (..)`. */
  readonly definition: string;
}

/** A domain of PostgreSQL. */
export interface SchemaDomain {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** The type that it restricts. */
  readonly type: SchemaType;
  /** Whether it allows NULL. */
  readonly nullable: boolean;
  /** The expression of its default. */
  readonly default: string | null;
  /** Its collation, where it is another one than that of its type. */
  readonly collation: string | null;
  /** Its checks. */
  readonly checks: readonly SchemaDomainCheck[];
  /** Its comment. */
  readonly comment: string | null;
}

/** An attribute of a composite type. */
export interface SchemaAttribute {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: SchemaType;
  /** Its collation, where it is another one than that of its type. */
  readonly collation: string | null;
}

/** A composite type of PostgreSQL. */
export interface SchemaComposite {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** Its attributes in their order. */
  readonly attributes: readonly SchemaAttribute[];
  /** Its comment. */
  readonly comment: string | null;
}

/** A range type of PostgreSQL. */
export interface SchemaRange {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** The type of its bounds. */
  readonly subtype: string;
  /** The function that canonicalizes values. */
  readonly canonical: string | null;
  /** The function that tells the distance of two bounds. */
  readonly subtypeDiff: string | null;
  /** The collation of its bounds, where it is another one than that of the subtype. */
  readonly collation: string | null;
  /** Its comment. */
  readonly comment: string | null;
}
