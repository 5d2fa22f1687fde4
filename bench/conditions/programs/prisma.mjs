import { PrismaLibSql } from "@prisma/adapter-libsql";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { PrismaClient } from "./prisma/client/client.ts";
import { report, SCHEMA } from "./_run.mjs";

// The condition, declared once: an extension of the client that adds it to every operation that has
// a `where`.
const live = {
  query: {
    $allModels: {
      $allOperations: ({ operation, args, query }) =>
        /^create/.test(operation)
          ? query(args)
          : query({ ...args, where: { ...args.where, deleted_at: null } }),
    },
  },
};

async function open() {
  // A database in memory would end with its first transaction.
  const file = join(import.meta.dirname, `prisma-${crypto.randomUUID()}.db`);
  const plain = new PrismaClient({ adapter: new PrismaLibSql({ url: `file:${file}` }) });
  for (const statement of SCHEMA) await plain.$executeRawUnsafe(statement);
  return {
    use: plain.$extends(live),
    rows: () => plain.$queryRaw`select id, title, deleted_at from books order by id`,
    close: async () => {
      await plain.$disconnect();
      rmSync(file, { force: true });
    },
  };
}

const titles = (rows) => rows.map(({ title }) => title);

await report(open, {
  list: async (db) => titles(await db.books.findMany()),
  byKey: async (db) => titles([await db.books.findUnique({ where: { id: 2 } })].filter(Boolean)),
  count: (db) => db.books.count(),
  relation: async (db) => {
    const ada = await db.authors.findUnique({ where: { id: 1 }, include: { books: true } });
    return titles(ada.books);
  },
  related: async (db) =>
    (await db.authors.findMany({ where: { books: { some: { title: "Gone" } } } }))
      .map(({ name }) => name),
  subquery: async (db) => titles(await db.books.findMany({ where: { author: { id: { gt: 0 } } } })),
  update: (db) => db.books.updateMany({ data: { title: "New" } }),
  delete: (db) => db.books.deleteMany({ where: { id: 2 } }),
  upsert: (db) =>
    db.books.upsert({
      where: { id: 2 },
      create: { id: 2, author_id: 1, title: "Mine" },
      update: { title: "Mine" },
    }),
  raw: async (db) => titles(await db.$queryRaw`select title from books`),
});
