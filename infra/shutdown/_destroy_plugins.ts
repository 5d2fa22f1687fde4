import { destroyExecutor, getRawDb, isKyseraExecutor } from "@kysera/executor";
import type { Kysely } from "kysely";

/** Destroys the plugins of an executor, and those of the executors that it was made from. */
export async function destroyPlugins(
  db: Kysely<any>,
  failed: (error: unknown) => void,
): Promise<void> {
  for (let handle = db; isKyseraExecutor(handle);) {
    try {
      await destroyExecutor(handle);
    } catch (error) {
      failed(error);
    }
    handle = getRawDb<any>(handle);
  }
}
