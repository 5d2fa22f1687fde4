import type { ControlledTransaction, Kysely } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import type { Settings } from "../options.ts";
import type { Task } from "./_task.ts";

/** Begins a transaction that sees what others have committed before it. */
export async function begin(
  db: Kysely<any>,
  traits: MigrationTraits,
): Promise<ControlledTransaction<any>> {
  const builder = db.startTransaction();
  return await (traits.isolationLevel === undefined
    ? builder
    : builder.setIsolationLevel(traits.isolationLevel)).execute();
}

/** Whether a migration runs in a transaction, where the database can change its schema in one. */
export function wantsTransaction(
  { migration, resumes }: Task,
  { transactions }: Settings,
): boolean {
  // What stopped halfway was not in a transaction.
  return resumes !== true && (migration.transaction ?? transactions !== "none");
}
