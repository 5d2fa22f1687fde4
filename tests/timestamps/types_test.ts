import { describe, it } from "node:test";
import type { KyseraExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import type { SoftDeletePlugin } from "@kysera/soft-delete";
import type { TimestampsPlugin } from "@kysera/timestamps";
import * as z from "zod";
import type { Database } from "./_world.ts";

describe("The types of a repository with timestampsPlugin()", () => {
  it("know the entity, the key, and what create() and update() take", () => {
    // Only compiled.
    const check = async (
      executor: KyseraExecutor<Database, readonly [SoftDeletePlugin, TimestampsPlugin]>,
    ): Promise<void> => {
      const notes = createRepository(executor, { tableName: "ts_notes" });
      const made = await notes.createWithoutTimestamps({ id: 1, title: "a", created_at: null });
      const title: string = made.title;
      const changed: { body: string | null }[] = await notes.updateMany([1], { body: null });
      const touched: boolean = await notes.touch(1);
      const deleted: boolean = await notes.softDelete(1);
      // @ts-expect-error There is no title
      await notes.createWithoutTimestamps({ id: 1 });
      // @ts-expect-error There is no such column
      await notes.updateWithoutTimestamp(1, { boddy: "x" });
      // @ts-expect-error The key is a number
      await notes.touchMany(["1"]);

      const named = createRepository(executor, {
        tableName: "ts_notes",
        mapRow: (row) => row.title,
        schemas: { create: z.object({ id: z.number(), title: z.string() }) },
      });
      const titles: string[] = await named.createMany([{ id: 1, title: "a" }]);
      // @ts-expect-error The schema of create() has no body
      await named.createMany([{ id: 1, title: "a", body: "x" }]);
      void [title, changed, touched, deleted, titles];
    };
    void check;
  });
});
