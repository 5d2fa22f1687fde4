import { BadRequestError } from "@kysera/core";
import type { Migration } from "./migration.ts";

type Down = NonNullable<Migration["down"]>;

const REASONS: WeakMap<(...args: never[]) => unknown, string> = new WeakMap();

/**
 * Returns a `down` that refuses, for a migration that nothing can undo. It says so to whoever rolls
 * back, and to `lintMigrations()`.
 *
 * @param reason why it cannot be undone, and what to do instead
 * @returns the function
 * @throws {BadRequestError} if there is no reason
 *
 * @example
 * ```ts
 * import { irreversible, type Migration } from "@kysera/migrations";
 * import assert from "node:assert/strict";
 *
 * const dropLegacy: Migration = {
 *   name: "007_drop_legacy",
 *   up: async (db) => {
 *     await db.schema.dropTable("legacy").execute();
 *   },
 *   down: irreversible("its rows are in the backup of May 2026"),
 * };
 * await assert.rejects(async () => await dropLegacy.down!(undefined!), /backup of May/);
 * ```
 */
export function irreversible(reason: string): NonNullable<Migration["down"]> {
  if (typeof reason !== "string" || reason.trim() === "") {
    throw new BadRequestError("Cannot declare a migration irreversible: the reason is missing");
  }
  const down: Down = () =>
    Promise.reject(new BadRequestError(`Cannot undo an irreversible migration: ${reason}`));
  REASONS.set(down, reason);
  return down;
}

/** Returns why a `down` refuses; `undefined` of any other. */
export function irreversibleReason(down: Down): string | undefined {
  return REASONS.get(down);
}

/** Returns a function that calls another one, and is as irreversible. */
export function asReversibleAs(down: Down, other: Down): Down {
  const reason = REASONS.get(other);
  if (reason !== undefined) REASONS.set(down, reason);
  return down;
}
