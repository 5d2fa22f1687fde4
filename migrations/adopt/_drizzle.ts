import { BadRequestError } from "@kysera/core";
import { timeOf } from "../history/_time.ts";
import type { ResolvedMigration } from "../run/_resolved.ts";
import { isSha256Of } from "./_checksum.ts";
import type {
  ForeignContext,
  ForeignEntry,
  ForeignHistory,
  ForeignNote,
  ForeignRead,
} from "./_foreign.ts";

/** A migration of the journal that Drizzle Kit keeps beside its files. */
interface JournalEntry {
  /** The name of the file, without its extension. */
  readonly tag: string;
  /** When it was generated, in milliseconds since 1970; the row of the database has the same. */
  readonly when: number;
}

const COLUMNS: readonly string[] = ["id", "hash", "created_at"];

/**
 * Drizzle stores the SHA-256 of a file, and when the file was generated. The name is in the journal,
 * or, since version 1, in the row. On PostgreSQL the table has a schema of its own.
 */
export const drizzle: readonly ForeignHistory[] = [
  {
    tool: "drizzle",
    title: "Drizzle",
    table: "__drizzle_migrations",
    schema: "drizzle",
    columns: COLUMNS,
    read: readDrizzle,
  },
  {
    tool: "drizzle",
    title: "Drizzle",
    table: "__drizzle_migrations",
    columns: COLUMNS,
    read: readDrizzle,
  },
];

async function readDrizzle(context: ForeignContext): Promise<ForeignRead> {
  const { db, table, columns, code } = context;
  const journal = journalIn(context.journal);
  const hasName = columns.has("name");
  const rows = await db.selectFrom(table)
    .select(["hash", "created_at", ...hasName ? ["name"] : []])
    .orderBy("created_at").execute();
  const entries = new Map<string, ForeignEntry>();
  const refused: ForeignNote[] = [];
  for (const row of rows) {
    const [hash, when] = [String(row["hash"]), Number(row["created_at"])];
    const isOf = isSha256Of(hash);
    const name = (row["name"] as string | null | undefined) ??
      journal.find((entry) => entry.when === when)?.tag ?? await nameBySource(code, isOf);
    if (name === undefined) {
      refused.push({
        migrationName: `${hash.slice(0, 12)} of ${timeOf(when).toISOString()}`,
        message:
          "Drizzle stores no name with it, and no migration of the code has its hash: give " +
          'the option "journal", the content of meta/_journal.json',
      });
    } else if (!entries.has(name)) entries.set(name, { name, executedAt: timeOf(when), isOf });
  }
  return { entries: [...entries.values()], refused, notes: [] };
}

async function nameBySource(
  code: readonly ResolvedMigration[],
  isOf: (source: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const { name, source } of code) {
    if (source !== undefined && await isOf(source)) return name;
  }
  return undefined;
}

/** Returns the migrations of a journal. */
function journalIn(journal: unknown): readonly JournalEntry[] {
  if (journal === undefined) return [];
  const { entries } = (journal ?? {}) as { entries?: unknown };
  const isEntry = (entry: unknown): entry is JournalEntry => {
    const { tag, when } = (entry ?? {}) as Partial<JournalEntry>;
    return typeof tag === "string" && typeof when === "number";
  };
  if (Array.isArray(entries) && entries.every(isEntry)) return entries;
  throw new BadRequestError(
    'Cannot adopt a history: the option "journal" has to be the parsed content of ' +
      "meta/_journal.json, an object with entries that have tag and when",
  );
}
