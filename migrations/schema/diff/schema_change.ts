import type { SchemaColumn } from "../snapshot/schema_column.ts";
import type { SchemaRoutine, SchemaSequence } from "../snapshot/schema_routine.ts";
import type {
  SchemaCheck,
  SchemaExclusion,
  SchemaForeignKey,
  SchemaIndex,
  SchemaKey,
  SchemaPolicy,
  SchemaRule,
  SchemaTable,
  SchemaTrigger,
} from "../snapshot/schema_table.ts";
import type {
  SchemaComposite,
  SchemaDomain,
  SchemaEnum,
  SchemaRange,
} from "../snapshot/schema_type.ts";
import type { SchemaView } from "../snapshot/schema_view.ts";

/** The objects that can change, and what a snapshot has of each. */
export interface SchemaObjects {
  /** A schema itself. */
  readonly schema: SchemaNamed;
  /** An extension of PostgreSQL. */
  readonly extension: SchemaNamed;
  /** An enumeration. */
  readonly enum: SchemaEnum;
  /** A domain. */
  readonly domain: SchemaDomain;
  /** A composite type. */
  readonly composite: SchemaComposite;
  /** A range type. */
  readonly range: SchemaRange;
  /** A sequence. */
  readonly sequence: SchemaSequence;
  /** A table. What belongs to it is told by itself, unless all of the table is added or removed. */
  readonly table: SchemaTable;
  /** A column. */
  readonly column: SchemaColumn;
  /** A primary key. */
  readonly "primary key": SchemaKey;
  /** A unique constraint. */
  readonly unique: SchemaKey;
  /** A foreign key. */
  readonly "foreign key": SchemaForeignKey;
  /** A check. */
  readonly check: SchemaCheck;
  /** An exclusion constraint. */
  readonly exclusion: SchemaExclusion;
  /** An index. */
  readonly index: SchemaIndex;
  /** A trigger. */
  readonly trigger: SchemaTrigger;
  /** A rule. */
  readonly rule: SchemaRule;
  /** A policy. */
  readonly policy: SchemaPolicy;
  /** A view. */
  readonly view: SchemaView;
  /** A function, a procedure or an event. */
  readonly routine: SchemaRoutine;
}

/** What has no more than a name. */
export interface SchemaNamed {
  /** The name. */
  readonly name: string;
}

/** A kind of object that can change. */
export type SchemaObjectKind = keyof SchemaObjects;

/** A property of an object that has changed. */
export interface SchemaDifference {
  /** The property, such as `type` or `default`. */
  readonly property: string;
  /** What it was; `null` where there was none. */
  readonly from: string | null;
  /** What it is; `null` where there is none. */
  readonly to: string | null;
}

/** A change of one object. */
export interface SchemaChangeOf<K extends SchemaObjectKind> {
  /** What kind of object it is. */
  readonly object: K;
  /** What happened to it. */
  readonly kind: "added" | "removed" | "changed";
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** The table or view that it belongs to; `null` where it belongs to none. */
  readonly table: string | null;
  /** Its name; of a constraint without a name, its definition. */
  readonly name: string;
  /** The object as it was; `null` where it was added. */
  readonly before: SchemaObjects[K] | null;
  /** The object as it is; `null` where it was removed. */
  readonly after: SchemaObjects[K] | null;
  /** What has changed; empty where it was added or removed. */
  readonly differences: readonly SchemaDifference[];
  /** The change in one line: `column users.email: type changed from "text" to "integer"`. */
  readonly text: string;
}

/** A change of a schema. */
export type SchemaChange = { [K in SchemaObjectKind]: SchemaChangeOf<K> }[SchemaObjectKind];
