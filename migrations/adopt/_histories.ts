import { legacyHistories, readLegacyTable } from "../history/_legacy.ts";
import { drizzle } from "./_drizzle.ts";
import { flyway } from "./_flyway.ts";
import type { ForeignHistory } from "./_foreign.ts";
import { prisma } from "./_prisma.ts";

/** Every history that is known. */
export const foreignHistories: readonly ForeignHistory[] = [
  ...legacyHistories.map((history): ForeignHistory => ({
    tool: history.tool,
    title: history.runner,
    table: history.table,
    columns: history.columns,
    isExact: true,
    read: async ({ db, table }) => ({
      entries: await readLegacyTable(db, history, table),
      refused: [],
      notes: [],
    }),
  })),
  prisma,
  ...drizzle,
  flyway,
];
