import type { Kysely } from "kysely";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** A snapshot without what is the same for all dialects. */
export type ReadSchema = Omit<SchemaSnapshot, "version" | "dialect">;

/** What is read. */
export interface ReadTarget {
  /** The schemas by their names; the first one is the default schema. `undefined`: the current one. */
  readonly schemas: readonly string[] | undefined;
}

/** Reads the schema of one dialect. */
export interface SchemaReader {
  /**
   * Reads a schema, with a number of statements that does not depend on it.
   *
   * @param db one connection, without plugins
   */
  read(db: Kysely<any>, target: ReadTarget): Promise<ReadSchema>;
}
