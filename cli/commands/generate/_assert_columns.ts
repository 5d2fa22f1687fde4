import { didYouMean } from "@kysera/core";
import type { SchemaSnapshot } from "@kysera/migrations/schema";
import { usageError } from "../../contract/_cli_error.ts";

/** Throws if no table has a column that is said to be filled. */
export function assertColumns({ tables }: SchemaSnapshot, names: readonly string[]): void {
  const known = new Set(
    tables.flatMap(({ name, columns }) =>
      columns.flatMap((column) => [column.name, `${name}.${column.name}`])
    ),
  );
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw usageError(`There is no column "${unknown}"${didYouMean(unknown, [...known])}`, {
    hint: "Name columns as --filled tenant_id,posts.author_id.",
  });
}
