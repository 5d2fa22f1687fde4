import type { Check } from "../_check.ts";

/** The first version that is maintained, by the server. */
const OLDEST: Readonly<Record<string, readonly [number, number]>> = {
  PostgreSQL: [14, 0],
  MariaDB: [10, 6],
  MySQL: [8, 4],
  SQLite: [3, 37],
};

/** Servers that get no fixes any more, or that the toolkit does not support. */
export const oldServer: Check = {
  id: "old-server",
  severity: "warning",
  reason: "It gets no fixes any more, or is older than what the toolkit supports.",
  find({ schema: { server } }) {
    const [major = 0, minor = 0] = server.version.split(".").map((part) => parseInt(part, 10));
    const oldest = OLDEST[server.name];
    if (oldest === undefined || major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
      return [];
    }
    return [{
      table: undefined,
      message: `The server is ${server.name} ${server.version}`,
      fix: `Upgrade it to ${oldest.join(".")} or later.`,
    }];
  },
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
