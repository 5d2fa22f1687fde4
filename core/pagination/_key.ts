import type { OperationNode } from "kysely";
import type { Dialect } from "../dialect.ts";

/** One step of the order that a page keeps to. */
export interface Key {
  /** What the rows are ordered by. */
  readonly node: OperationNode;
  /** Whether the greatest comes first. */
  readonly descending: boolean;
  /** Whether NULLs come before everything else. */
  readonly nullsFirst: boolean;
  /** Whether there can be NULLs. */
  readonly nullable: boolean;
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
