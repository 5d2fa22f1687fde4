import type { OperationNode } from "kysely";
import type { Dialect } from "../dialect.ts";

/** How rows are ordered by a key. */
export interface Ordering {
  /** Whether the greatest comes first. */
  readonly descending: boolean;
  /** Whether NULLs come before everything else. */
  readonly nullsFirst: boolean;
  /** Whether there can be NULLs. */
  readonly nullable: boolean;
}

/** One step of the order of a page. */
export interface Key extends Ordering {
  /** What the rows are ordered by. */
  readonly node: OperationNode;
}

/** The order from its other end. */
export function reversed(key: Key): Key {
  return { ...key, descending: !key.descending, nullsFirst: !key.nullsFirst };
}

/** Where a database puts NULLs unless it is told otherwise. */
export function nullsComeFirst(dialect: Dialect, descending: boolean): boolean {
  // PostgreSQL takes NULL for the greatest value, the others for the least
  return dialect === "postgres" ? descending : !descending;
}
