import type { SchemaForeignKey } from "@kysera/migrations/schema";
import type { ColumnFacts } from "./_check_facts.ts";
import type { Shape } from "./_shape.ts";
import type { CodecName } from "./_type_shapes.ts";

/** A table or a view, as code is written for it. */
export interface CodeRelation {
  /** Its name in the database. */
  readonly name: string;
  /** Its name in `DB`. */
  readonly property: string;
  /** The name of the type of its rows: `UserRole` of `user_roles`. */
  readonly typeName: string;
  /** The name of its files, without an ending. */
  readonly fileName: string;
  readonly isView: boolean;
  /** Whether rows can be added and changed: not of a view, and not if a repository cannot write a column. */
  readonly isWritable: boolean;
  /** The properties of its primary key; empty where it has none. */
  readonly key: readonly string[];
  readonly columns: readonly CodeColumn[];
  readonly foreignKeys: readonly SchemaForeignKey[];
  /** Checks that are not understood: whoever writes rows has to look at them. */
  readonly otherChecks: readonly string[];
  readonly comment: string | null;
}

/** A column. */
export interface CodeColumn {
  /** Its name in the database. */
  readonly name: string;
  /** Its name in the code. */
  readonly property: string;
  /** What is written to it. */
  readonly input: Shape;
  /** What is read of it. */
  readonly row: Shape;
  readonly codec: CodecName | undefined;
  readonly isNullable: boolean;
  /** Whether the database takes no row without a value for it. */
  readonly isRequired: boolean;
  /** Whether a new row needs no value for it: the database has one, or a plugin. */
  readonly isOptional: boolean;
  /** Whether a new row may give it. */
  readonly isInNew: boolean;
  /** Whether it may be changed. */
  readonly isInChanges: boolean;
  /** What checks say of it. */
  readonly facts: ColumnFacts;
  /** Whether two rows cannot have one value of it. */
  readonly isUnique: boolean;
  /** The name of its type, and of those of a domain that of what it restricts. */
  readonly typeName: string;
  /** The type as the database writes it. */
  readonly typeText: string;
  readonly isArray: boolean;
  /** The values of an enumeration or a set. */
  readonly values: readonly string[];
}

/** Returns a column by its name in the database. */
export function columnOf({ columns }: CodeRelation, name: string): CodeColumn | undefined {
  return columns.find((column) => column.name === name);
}
