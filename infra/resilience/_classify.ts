import { type DatabaseError, type Dialect, findDatabaseError } from "@kysera/core";

/** What a database or a driver says with an error; nothing for an error of something else. */
export function classify(error: unknown, dialect?: Dialect): DatabaseError | undefined {
  const known = findDatabaseError(error, dialect);
  return known?.code === "DB_UNKNOWN" ? undefined : known;
}
