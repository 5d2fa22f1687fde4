import { describe, it } from "node:test";
import type { KyseraExecutor, KyseraTransaction } from "@kysera/executor";
import {
  type TimestampColumns,
  type TimestampsMethods,
  type TimestampsPlugin,
  touch,
  withoutTimestamps,
} from "@kysera/timestamps";
import type { Generated, Kysely, Transaction } from "kysely";

interface Database {
  users: { id: Generated<number>; name: string; updated_at: Date | null };
  members: { team: number; person: string; updated_at: Date | null };
}

describe("The types of touch() and of a repository's methods", () => {
  it("know tables and keys", () => {
    // Only compiled.
    const check = async (
      executor: KyseraExecutor<Database>,
      transaction: Transaction<Database> | KyseraTransaction<Database>,
      anything: Kysely<any>,
    ): Promise<number[]> => {
      const counts: number[] = [
        await touch(executor, "users", 1),
        await touch(transaction, "users", [1, 2]),
        await touch(executor, "members", { team: 1, person: "a" }),
        await touch(executor, "users", (eb) => eb("name", "=", "Ada")),
        await touch(anything, "anything", "key"),
        await touch(withoutTimestamps(transaction), "users", 1),
      ];
      // @ts-expect-error There is no such table
      await touch(executor, "user", 1);
      // @ts-expect-error The key is a number
      await touch(executor, "users", "1");
      return counts;
    };
    void check;
  });

  it("know the entity and the inputs", () => {
    interface User {
      readonly id: number;
    }
    const check = async (
      methods: TimestampsMethods<User, number, { name: string }, { name?: string }>,
    ): Promise<void> => {
      const users: User[] = await methods.findCreatedBetween(new Date(0), "2026-01-31");
      const user: User = await methods.createWithoutTimestamps({ name: "Ada" });
      const columns: TimestampColumns = methods.getTimestampColumns();
      // @ts-expect-error The key is a number
      await methods.touchMany(["1"]);
      // @ts-expect-error There is no such column
      await methods.updateMany([1], { nam: "Ada" });
      void [users, user, columns];
    };
    const plugin = (plugin: TimestampsPlugin): string => plugin.name;
    void [check, plugin];
  });
});
