import { describe, it } from "node:test";
import type { KyseraExecutor, KyseraTransaction } from "@kysera/executor";
import { hardDelete, onlyDeleted, restore, softDelete, withDeleted } from "@kysera/soft-delete";
import type { Generated, Kysely, Transaction } from "kysely";

interface Database {
  users: { id: Generated<number>; name: string; deleted_at: Date | null };
  members: { team: number; person: string; deleted_at: Date | null };
}

describe("The types of softDelete(), restore() and hardDelete()", () => {
  it("know tables and keys", () => {
    // Only compiled.
    const check = async (
      executor: KyseraExecutor<Database>,
      kysely: Kysely<Database>,
      transaction: Transaction<Database> | KyseraTransaction<Database>,
      anything: Kysely<any>,
    ): Promise<number[]> => {
      const counts: number[] = [
        await softDelete(executor, "users", 1),
        await restore(kysely, "users", [1, 2]),
        await hardDelete(transaction, "users", { id: 1 }),
        await softDelete(executor, "members", { team: 1, person: "a" }),
        await softDelete(executor, "users", (eb) => eb("name", "=", "Ada")),
        await softDelete(anything, "anything", "key"),
        await softDelete(withDeleted(executor), "users", 1),
        await softDelete(onlyDeleted(transaction), "users", 1),
      ];
      // @ts-expect-error There is no such table
      await softDelete(executor, "user", 1);
      // @ts-expect-error The key is a number
      await softDelete(executor, "users", "1");
      // @ts-expect-error The key is a number
      await restore(transaction, "users", ["1"]);
      // @ts-expect-error There is no such column
      await hardDelete(executor, "members", { group: 1 });
      // @ts-expect-error There is no such column
      await hardDelete(executor, "users", (eb) => eb("nam", "=", "Ada"));
      return counts;
    };
    void check;
  });
});
