import {
  type DatabaseError,
  DatabaseErrorCodes,
  type Dialect,
  DIALECTS,
  parseDatabaseError,
} from "@kysera/core";

/**
 * What a database or a driver says with an error; nothing for an error of something else. The codes
 * of the databases do not look alike, so one that is known to any of them is that one's.
 */
export function classify(error: unknown, dialect?: Dialect): DatabaseError | undefined {
  for (const name of dialect === undefined ? DIALECTS : [dialect]) {
    const known = parseDatabaseError(error, name);
    if (known.code !== DatabaseErrorCodes.DB_UNKNOWN) return known;
  }
  return undefined;
}
