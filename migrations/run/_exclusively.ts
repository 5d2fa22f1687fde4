import type { Kysely } from "kysely";
import type { TableNames } from "../dialect/_table_names.ts";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { History } from "../history/_history.ts";
import type { Settings } from "../options.ts";
import { holderOf, lockError } from "./_lock.ts";
import { begin } from "./_transaction.ts";
import { Patience } from "./_wait.ts";

/** What is done under the lock; it returns nothing where the lock is held in another way. */
export type Exclusive<T> = (own: Kysely<any>) => Promise<{ readonly value: T } | undefined>;

/**
 * Calls a function in a transaction that no other runner can be in at the same time; again, as long
 * as it returns nothing.
 */
export async function exclusively<T>(
  own: Kysely<any>,
  traits: MigrationTraits,
  names: TableNames,
  settings: Settings,
  body: Exclusive<T>,
): Promise<T> {
  const patience = new Patience(settings.lockTimeout, settings.signal);
  for (;;) {
    const done = await once(own, traits, names, body);
    if (done !== undefined) return done.value;
    if (patience.isOver) {
      const history = new History(own, traits, names);
      throw lockError(await holderOf(own, history, traits, names).catch(() => undefined));
    }
    await patience.wait();
  }
}

async function once<T>(
  own: Kysely<any>,
  traits: MigrationTraits,
  names: TableNames,
  body: Exclusive<T>,
): Promise<{ readonly value: T } | undefined> {
  if (!await traits.trySessionLock(own, names)) return undefined;
  try {
    const trx = await begin(own, traits);
    try {
      if (await traits.tryTransactionLock(trx, names)) {
        const done = await body(trx);
        if (done !== undefined) await trx.commit().execute();
        return done;
      }
    } catch (error) {
      if (traits.isBusy(error)) return undefined;
      throw error;
    } finally {
      if (!trx.isCommitted) await trx.rollback().execute().catch(() => {});
    }
    return undefined;
  } finally {
    await traits.releaseSessionLock(own, names);
  }
}
