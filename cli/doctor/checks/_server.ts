import type { Check } from "../_check.ts";
import { isBefore } from "../_versions.ts";

/** The first version that is maintained, or that the toolkit supports, and where that is said. */
export const OLDEST: Readonly<
  Record<string, { readonly version: string; readonly source: string }>
> = {
  // 14 had its last release in November 2026.
  PostgreSQL: { version: "15.0", source: "https://www.postgresql.org/support/versioning/" },
  // 10.6 is maintained up to July 2026.
  MariaDB: { version: "10.11", source: "https://mariadb.org/about/#maintenance-policy" },
  // 8.0 is maintained up to April 2026.
  MySQL: { version: "8.4", source: "https://www.mysql.com/support/" },
  // The first with STRICT tables.
  SQLite: { version: "3.37", source: "https://www.sqlite.org/stricttables.html" },
};

/** Servers that get no fixes any more, or that the toolkit does not support. */
export const oldServer: Check = {
  id: "old-server",
  severity: "warning",
  reason: "It gets no fixes any more, or is older than what the toolkit supports.",
  find({ schema: { server } }) {
    const oldest = OLDEST[server.name];
    if (oldest === undefined || !isBefore(server.version, oldest.version)) return [];
    return [{
      table: undefined,
      message: `The server is ${server.name} ${server.version}`,
      fix: `Upgrade it to ${oldest.version} or later: ${oldest.source}`,
    }];
  },
};

/** Something that is wrong with some versions of a server. */
interface Trouble {
  readonly server: string;
  readonly what: string;
  /** The versions that have it: from one on, and before another one. */
  readonly ranges: readonly (readonly [since: string, fixed: string])[];
  /** Where it is published, by those who make the server or mended it. */
  readonly source: string;
  /** Set where it happens with a write-ahead log alone. */
  readonly needsWal?: boolean;
}

/** Trouble that a program with policies, audit or migrations would not find by itself. */
export const TROUBLES: readonly Trouble[] = [
  {
    server: "PostgreSQL",
    what: "indexes that were created concurrently may lack rows",
    source: "https://www.postgresql.org/docs/release/14.4/",
    ranges: [["14.0", "14.4"]],
  },
  {
    server: "PostgreSQL",
    what: "policies of an inlined function are those of another user (CVE-2023-2455)",
    source: "https://www.postgresql.org/support/security/CVE-2023-2455/",
    ranges: [["11.0", "11.20"], ["12.0", "12.15"], ["13.0", "13.11"], ["14.0", "14.8"], [
      "15.0",
      "15.3",
    ]],
  },
  {
    server: "PostgreSQL",
    what: "MERGE does not enforce policies of UPDATE and SELECT (CVE-2023-39418)",
    source: "https://www.postgresql.org/support/security/CVE-2023-39418/",
    ranges: [["15.0", "15.4"]],
  },
  {
    server: "PostgreSQL",
    what: "policies below subqueries are those of another user (CVE-2024-10976)",
    source: "https://www.postgresql.org/support/security/CVE-2024-10976/",
    ranges: [["12.0", "12.21"], ["13.0", "13.17"], ["14.0", "14.14"], ["15.0", "15.9"], [
      "16.0",
      "16.5",
    ], ["17.0", "17.1"]],
  },
  {
    server: "PostgreSQL",
    what: "extensions that were built for another minor version may crash it",
    source: "https://www.postgresql.org/docs/release/17.2/",
    ranges: [["14.14", "14.15"], ["15.9", "15.10"], ["16.5", "16.6"], ["17.1", "17.2"]],
  },
  {
    server: "PostgreSQL",
    what: "statistics show values of rows that policies hide (CVE-2025-8713)",
    source: "https://www.postgresql.org/support/security/CVE-2025-8713/",
    ranges: [["13.0", "13.22"], ["14.0", "14.19"], ["15.0", "15.14"], ["16.0", "16.10"], [
      "17.0",
      "17.6",
    ]],
  },
  {
    server: "MySQL",
    what: "it does not start again with more than 10,000 tables",
    source: "https://perconadev.atlassian.net/browse/PS-9306",
    ranges: [["8.0.38", "8.0.39"], ["8.4.1", "8.4.2"], ["9.0.0", "9.0.1"]],
  },
  {
    server: "MariaDB",
    what: "InnoDB may not recover from a crash, and fulltext indexes may be corrupted (MDEV-29374)",
    source: "https://mariadb.org/regressions-in-recent-mariadb-server-releases/",
    ranges: [["10.6.9", "10.6.10"], ["10.7.5", "10.7.6"], ["10.8.4", "10.8.5"], [
      "10.9.2",
      "10.9.3",
    ]],
  },
  {
    server: "SQLite",
    what: "two connections that write and checkpoint at once may corrupt a database in WAL mode",
    source: "https://www.sqlite.org/wal.html#walresetbug",
    ranges: [["3.7.0", "3.51.3"]],
    needsWal: true,
  },
];

/** Versions of servers with trouble that is known. */
export const troubledServer: Check = {
  id: "troubled-server",
  severity: "warning",
  reason: "It is mended in a later version, and only there.",
  find: ({ schema: { server }, facts: { journalMode } }) =>
    TROUBLES.filter((trouble) => trouble.server === server.name).flatMap(
      ({ what, ranges, source, needsWal = false }) => {
        const { name, version } = server;
        const range = ranges.find(([since, fixed]) =>
          !isBefore(version, since) && isBefore(version, fixed)
        );
        if (range === undefined || (needsWal && journalMode !== "wal")) return [];
        return [{
          table: undefined,
          message: `${name} ${version}: ${what}`,
          fix: `Upgrade it to ${range[1]} or later: ${source}`,
        }];
      },
    ),
};

/** Databases of SQLite in which readers wait for the writer. */
export const rollbackJournal: Check = {
  id: "rollback-journal",
  severity: "info",
  reason: "Readers wait for the writer, and it waits for them.",
  find: ({ facts: { journalMode } }) =>
    journalMode === undefined || journalMode === "wal" || journalMode === "memory" ? [] : [{
      table: undefined,
      message: `The journal mode is "${journalMode}"`,
      fix: "pragma journal_mode = wal;",
    }],
};
