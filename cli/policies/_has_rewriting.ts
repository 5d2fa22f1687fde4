import { policySourcesOf, RLSSchemaError } from "@kysera/rls";
import type { Kysely } from "kysely";

/** Returns true if an executor rewrites queries by policies, and does not leave them to the database. */
export function hasRewriting(executor: Kysely<any>): boolean {
  try {
    return policySourcesOf(executor).length > 0;
  } catch (error) {
    if (error instanceof RLSSchemaError) return false;
    throw error;
  }
}
