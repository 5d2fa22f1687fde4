/**
 * MySQL and MariaDB, through `mysql2` and drivers that fill the same fields.
 *
 * @module
 */
import type { Classified, Kind } from "./_classified.ts";
import type { Fields } from "./_fields.ts";

/** By error number; the name is for drivers and proxies that pass on nothing else. */
const numbers: readonly (readonly [number, string, Kind])[] = [
  [1022, "ER_DUP_KEY", "unique"],
  [1062, "ER_DUP_ENTRY", "unique"],
  [1169, "ER_DUP_UNIQUE", "unique"],
  [1586, "ER_DUP_ENTRY_WITH_KEY_NAME", "unique"],
  [1859, "ER_DUP_UNKNOWN_IN_INDEX", "unique"],
  [1216, "ER_NO_REFERENCED_ROW", "foreign key"],
  [1217, "ER_ROW_IS_REFERENCED", "foreign key"],
  [1451, "ER_ROW_IS_REFERENCED_2", "foreign key"],
  [1452, "ER_NO_REFERENCED_ROW_2", "foreign key"],
  [1761, "ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO", "foreign key"],
  [1762, "ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO", "foreign key"],
  [1048, "ER_BAD_NULL_ERROR", "not null"],
  [1364, "ER_NO_DEFAULT_FOR_FIELD", "not null"],
  [3819, "ER_CHECK_CONSTRAINT_VIOLATED", "check"],
  [1213, "ER_LOCK_DEADLOCK", "deadlock"],
  [1614, "ER_XA_RBDEADLOCK", "deadlock"],
  [1020, "ER_CHECKREAD", "serialization"],
  [1205, "ER_LOCK_WAIT_TIMEOUT", "lock timeout"],
  [3572, "ER_LOCK_NOWAIT", "lock timeout"],
  [1317, "ER_QUERY_INTERRUPTED", "statement timeout"],
  [1969, "ER_STATEMENT_TIMEOUT", "statement timeout"],
  [3024, "ER_QUERY_TIMEOUT", "statement timeout"],
  [1040, "ER_CON_COUNT_ERROR", "pool exhausted"],
  [1203, "ER_TOO_MANY_USER_CONNECTIONS", "pool exhausted"],
  [1226, "ER_USER_LIMIT_REACHED", "pool exhausted"],
  [1053, "ER_SERVER_SHUTDOWN", "connection"],
  [1927, "ER_CONNECTION_KILLED", "connection"],
  [2006, "CR_SERVER_GONE_ERROR", "connection"],
  [2013, "CR_SERVER_LOST", "connection"],
  [4031, "ER_CLIENT_INTERACTION_TIMEOUT", "connection"],
  [1045, "ER_ACCESS_DENIED_ERROR", "connection refused for good"],
  [1049, "ER_BAD_DB_ERROR", "connection refused for good"],
  [1130, "ER_HOST_NOT_PRIVILEGED", "connection refused for good"],
  [1698, "ER_ACCESS_DENIED_NO_PASSWORD_ERROR", "connection refused for good"],
  // Refused access has the SQLSTATE of a syntax error
  [1044, "ER_DBACCESS_DENIED_ERROR", "other"],
  [1142, "ER_TABLEACCESS_DENIED_ERROR", "other"],
  [1143, "ER_COLUMNACCESS_DENIED_ERROR", "other"],
  [1227, "ER_SPECIFIC_ACCESS_DENIED_ERROR", "other"],
  [1370, "ER_PROCACCESS_DENIED_ERROR", "other"],
];

const byNumber: ReadonlyMap<number, Kind> = new Map(numbers.map(([no, _, kind]) => [no, kind]));
const byName: ReadonlyMap<string, Kind> = new Map(numbers.map(([_, name, kind]) => [name, kind]));

const classes: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["08", "connection"],
  ["28", "connection refused for good"],
  ["22", "invalid input"],
  ["25", "transaction"],
  ["40", "serialization"],
  ["42", "syntax"],
]);

/** Knows a failure that a MySQL or MariaDB server reported. */
export function classifyMysql(fields: Fields): Classified | undefined {
  const errno = fields.number("errno");
  const name = fields.string("code");
  const sqlState = fields.string("sqlState");
  // A negative errno is the operating system's
  const number = errno !== undefined && errno > 0 ? errno : undefined;
  const known = number === undefined
    ? name === undefined ? undefined : byName.get(name)
    : kindOf(number, sqlState);
  const kind = known ?? classes.get(sqlState?.slice(0, 2) ?? "");
  if (kind === undefined && number === undefined && sqlState === undefined) return undefined;
  const message = fields.string("sqlMessage") ?? fields.message;
  return {
    kind: kind ?? "other",
    sqlState,
    detail: number === undefined ? name : `errno ${number}`,
    ...partsOf(kind ?? "other", message),
  };
}

function kindOf(errno: number, sqlState: string | undefined): Kind | undefined {
  // A failed check in MariaDB; the same number is something else in MySQL, with another SQLSTATE
  if (errno === 4025 && sqlState === "23000") return "check";
  return byNumber.get(errno);
}

/**
 * What only the message tells: the names. Each pattern is bound to the end of the message where a
 * value may stand before it, because a value may look like anything.
 */
function partsOf(kind: Kind, message: string): Partial<Classified> {
  switch (kind) {
    case "unique": {
      const key = /for key '([^']*)'$/.exec(message)?.[1];
      // MySQL 8 says 'table.key', MariaDB 'key'
      const dot = key?.indexOf(".") ?? -1;
      return dot < 0
        ? { constraint: key }
        : { constraint: key?.slice(dot + 1), table: key?.slice(0, dot) };
    }
    case "foreign key": {
      const found =
        /\(`(?:[^`]+)`\.`([^`]+)`, CONSTRAINT `([^`]+)` FOREIGN KEY \(([^)]*)\) REFERENCES (?:`[^`]+`\.)?`([^`]+)`/
          .exec(message);
      return {
        table: found?.[1],
        constraint: found?.[2],
        columns: [...(found?.[3] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
        referencedTable: found?.[4],
      };
    }
    case "not null": {
      const column = /^(?:Column|Field) '([^']+)'/.exec(message)?.[1];
      return { columns: column === undefined ? [] : [column] };
    }
    case "check": {
      const mariadb = /^CONSTRAINT `(?:([^`]+)`\.`)?([^`]+)` failed for `[^`]+`\.`([^`]+)`$/.exec(
        message,
      );
      if (mariadb !== null) return { constraint: mariadb[2], table: mariadb[3] };
      return { constraint: /^Check constraint '([^']+)' is violated/.exec(message)?.[1] };
    }
    case "syntax": {
      return { table: /^Table '[^'.]+\.([^']+)' doesn't exist$/.exec(message)?.[1] };
    }
    case "invalid input":
    case "other": {
      // A value may stand before the name, and look like anything.
      const found = /for column (?:`[^`]+`\.`([^`]+)`\.)?[`']([^`']+)[`'] at row \d+$/
        .exec(message.slice(-300));
      return found === null ? {} : { table: found[1], columns: [found[2]!] };
    }
    default:
      return {};
  }
}
