import type { Kysely } from "kysely";
import type { TableNames } from "../dialect/_table_names.ts";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { MigrationLockError } from "../errors.ts";
import type { LockRow } from "../history/_entry.ts";
import type { History } from "../history/_history.ts";
import type { LockHolder } from "../results.ts";

/** Whether a runner holds the lock and does not count as dead. */
export function isHeld(lock: LockRow | undefined): boolean {
  return lock?.owner !== undefined && lock.expires !== undefined && lock.expires >= lock.now;
}

export async function holderOf(
  own: Kysely<any>,
  history: History,
  traits: MigrationTraits,
  names: TableNames,
): Promise<LockHolder | undefined> {
  const lock = await history.lock();
  if (isHeld(lock)) {
    return {
      from: lock!.holder ?? "an unknown runner",
      since: lock!.since,
      expires: lock!.expires,
    };
  }
  const holder = await traits.serverHolder(own, names);
  return holder && { from: holder.from, since: holder.since, expires: undefined };
}

export function lockError(holder: LockHolder | undefined): MigrationLockError {
  const since = holder?.since === undefined ? "" : ` since ${holder.since.toISOString()}`;
  const who = holder === undefined ? "another runner" : `${holder.from}${since}`;
  return new MigrationLockError(
    `Cannot run migrations: the lock is held by ${who}; wait for it, raise the option lockTimeout, or ` +
      `call unlock() if that runner is dead`,
  );
}

export function lockLost(): MigrationLockError {
  return new MigrationLockError(
    "Cannot finish the migration: another runner has taken the lock over, because this one did not " +
      "say in time that it lives",
  );
}
