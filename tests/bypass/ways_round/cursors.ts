/** Row 42: cursors, which come back from the client. */
import { type CursorSecurity, paginate, paginateCursor } from "@kysera/core";
import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import type { BypassCase, Probe } from "../case.ts";

const orderBy = [{ column: "score", direction: "desc" }] as const;
const signed: CursorSecurity = { secret: "a secret of more than thirty-two characters" };
const rotated: CursorSecurity = {
  secret: ["another one, of as many characters as it takes", signed.secret as string],
};

const users = (db: Kysely<any>) => db.selectFrom("users").select(["id", "name"]);

/** A cursor that is this caller's own. */
async function ownCursor(db: Kysely<any>, security?: CursorSecurity): Promise<string> {
  const page = await paginateCursor(users(db), { orderBy, limit: 1, security });
  return page.pagination.nextCursor!;
}

/** The page after a cursor, as the client asks for it. */
async function after(
  query: ReturnType<typeof users>,
  cursor: string,
  options: object = {},
): Promise<unknown> {
  return (await paginateCursor<any, any, any>(query, { orderBy, limit: 9, cursor, ...options }))
    .data;
}

/** A cursor that must be refused. Without plugins there is nothing that it could get past. */
function refused(
  name: string,
  run: (probe: Probe) => Promise<unknown>,
  more: Partial<BypassCase> = {},
): BypassCase {
  return {
    name,
    harmless: true,
    must: ["R"],
    run,
    truth: () => Promise.resolve("refused"),
    ...more,
  };
}

const flipped = (text: string, at: number): string => {
  const i = (text.length + at) % text.length;
  return text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
};

/** What a client may make of a cursor. */
const forgeries: Record<string, (cursor: string) => string> = {
  "another payload": (cursor) => flipped(cursor, 8),
  "another signature": (cursor) => flipped(cursor, -5),
  "no signature": (cursor) => cursor.slice(0, cursor.lastIndexOf(".") + 1),
  "another version": (cursor) => cursor.replace(/^k\d+/, "k0"),
  "cut off": (cursor) => cursor.slice(0, -9),
  "longer": (cursor) => `${cursor}A`,
  "in capital letters": (cursor) => cursor.toUpperCase(),
  "another value, as it would be written": (cursor) => {
    const [version, , signature] = cursor.split(".");
    const payload = btoa(JSON.stringify(["after", "forward", "0", "0"])).replaceAll("=", "");
    return `${version}.${payload}.${signature}`;
  },
  "JSON": () => btoa(JSON.stringify({ score: 0, id: 0 })),
  "column and value": () => `${btoa("score")}:${btoa("0")}`,
  "SQL": () => "0' or 1 = 1 --",
  "blank": () => " ",
  "very long": () => "k1." + "A".repeat(100_000) + ".A",
};

export const cursors: readonly BypassCase[] = [
  ...["unsigned", "signed"].flatMap((kind): BypassCase[] => {
    const security = kind === "signed" ? signed : undefined;
    const options = { security };
    return [
      refused(
        `${kind}: of another tenant`,
        async ({ db, stranger }) =>
          await after(users(db), await ownCursor(stranger, security), options),
        {
          subjects: ["tenant", "policies"],
        },
      ),
      refused(
        `${kind}: of the database without plugins`,
        async ({ db, bare }) => await after(users(db), await ownCursor(bare, security), options),
      ),
      refused(
        `${kind}: of another filter`,
        async ({ db }) =>
          await after(users(db).where("id", ">", 0), await ownCursor(db, security), options),
      ),
      refused(`${kind}: of another value in the filter`, async ({ db }) => {
        const query = (least: number) => users(db).where("id", ">", least);
        const { pagination } = await paginateCursor(query(0), { orderBy, limit: 1, security });
        return await after(query(1), pagination.nextCursor!, options);
      }),
      refused(
        `${kind}: of another order`,
        async ({ db }) =>
          await after(users(db), await ownCursor(db, security), {
            ...options,
            orderBy: [{ column: "email" }],
          }),
      ),
      refused(
        `${kind}: of another direction`,
        async ({ db }) =>
          await after(users(db), await ownCursor(db, security), {
            ...options,
            orderBy: [{ column: "score" }],
          }),
      ),
      refused(
        `${kind}: of another place for NULLs`,
        async ({ db, dialect }) =>
          await after(users(db), await ownCursor(db, security), {
            ...options,
            // PostgreSQL has them first by itself, the others last.
            orderBy: [{
              column: "score",
              direction: "desc",
              nulls: dialect === "postgres" ? "last" : "first",
            }],
          }),
      ),
      refused(
        `${kind}: of another table`,
        async ({ db }) =>
          await after(
            db.selectFrom("tags").select(["id", "name"]) as ReturnType<typeof users>,
            await ownCursor(db, security),
            { ...options, orderBy: [{ column: "id", direction: "desc" }], uniqueBy: ["name"] },
          ),
      ),
      ...Object.entries(forgeries).map(([name, forge]) =>
        refused(
          `${kind}: forged, ${name}`,
          async ({ db }) => await after(users(db), forge(await ownCursor(db, security)), options),
        )
      ),
    ];
  }),
  refused(
    "signed with another secret",
    async ({ db }) =>
      await after(users(db), await ownCursor(db, signed), {
        security: { secret: "a third secret, which has enough characters too" },
      }),
  ),
  refused(
    "unsigned, where they are signed",
    async ({ db }) => await after(users(db), await ownCursor(db), { security: signed }),
  ),
  refused("of another tenant, through a repository", async ({ db, stranger }) => {
    const of = (handle: Kysely<any>) => createRepository(handle, { tableName: "users" });
    const { nextCursor } = await of(stranger).paginateCursor({ limit: 1, orderBy: "score" });
    return await of(db).paginateCursor({ limit: 9, orderBy: "score", cursor: nextCursor! });
  }, { subjects: ["tenant", "policies"] }),
  {
    name: "one's own, page by page",
    must: ["F"],
    ordered: true,
    run: async ({ db }) => await walk(db, undefined),
  },
  {
    name: "one's own, signed, page by page, with a key that was replaced meanwhile",
    must: ["F"],
    ordered: true,
    run: async ({ db }) => await walk(db, signed, rotated),
  },
  {
    name: "one's own, backwards",
    must: ["F"],
    ordered: true,
    run: async ({ db }) => {
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await paginateCursor(users(db), {
          orderBy,
          limit: 1,
          cursor,
          direction: "backward",
        });
        seen.push(...page.data);
        cursor = page.pagination.prevCursor;
      } while (cursor !== undefined);
      return seen;
    },
  },
  {
    name: "totals of pages",
    must: ["F"],
    run: async ({ db }) => {
      const numbered = await paginate(users(db).orderBy("id"), { page: 1, limit: 2 });
      const keyed = await paginateCursor(users(db), { orderBy, limit: 2, total: "exact" });
      return [numbered.pagination.total, numbered.pagination.totalPages, keyed.pagination.total];
    },
  },
];

async function walk(
  db: Kysely<any>,
  security: CursorSecurity | undefined,
  later: CursorSecurity | undefined = security,
): Promise<unknown[]> {
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await paginateCursor(users(db), {
      orderBy,
      limit: 2,
      cursor,
      security: cursor === undefined ? security : later,
    });
    seen.push(...page.data);
    cursor = page.pagination.nextCursor;
  } while (cursor !== undefined);
  return seen;
}
