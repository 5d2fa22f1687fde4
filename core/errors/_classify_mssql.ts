/**
 * SQL Server, through `tedious`.
 *
 * @module
 */
import type { Classified, Kind } from "./_classified.ts";
import type { Fields } from "./_fields.ts";

const numbers: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [2601, "unique"],
  [2627, "unique"],
  [515, "not null"],
  [1205, "deadlock"],
  [3960, "serialization"],
  [3961, "serialization"],
  [1222, "lock timeout"],
  [102, "syntax"],
  [105, "syntax"],
  [156, "syntax"],
  [207, "syntax"],
  [208, "syntax"],
  [245, "invalid input"],
  [2628, "invalid input"],
  [8114, "invalid input"],
  [8115, "invalid input"],
  [8152, "invalid input"],
  [4060, "connection refused for good"],
  [18456, "connection refused for good"],
]);

const codes: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["ESOCKET", "connection"],
  ["ECONNCLOSED", "connection"],
  ["EINSTLOOKUP", "connection"],
  ["ELOGIN", "connection refused for good"],
  ["ECANCEL", "statement timeout"],
]);

/** Knows a failure that SQL Server or its driver reported. */
export function classifyMssql(fields: Fields): Classified | undefined {
  const number = fields.number("number");
  const code = fields.string("code");
  if (number !== undefined) {
    const kind = number === 547 ? conflictKind(fields.message) : numbers.get(number) ?? "other";
    return { kind, detail: `error ${number}`, ...partsOf(kind, fields.message) };
  }
  if (code === "ETIMEOUT") {
    // The same code for a request and for a connection
    const kind = fields.string("name") === "RequestError" ? "statement timeout" : "connection";
    return { kind, detail: code };
  }
  const kind = code === undefined ? undefined : codes.get(code);
  if (kind !== undefined) return { kind, detail: code };
  return code === "EREQUEST" ? { kind: "other", detail: code } : undefined;
}

/** Foreign keys and checks share number 547: nothing but the message tells them apart. */
function conflictKind(message: string): Kind {
  return message.includes("CHECK constraint") ? "check" : "foreign key";
}

/** What only the message tells: the names, all of which stand before any value. */
function partsOf(kind: Kind, message: string): Partial<Classified> {
  const unqualified = (name: string | undefined) => name?.split(".").at(-1);
  switch (kind) {
    case "unique":
      return {
        constraint:
          /^Violation of (?:UNIQUE|PRIMARY) KEY constraint '([^']+)'/.exec(message)?.[1] ??
            /with unique index '([^']+)'/.exec(message)?.[1],
        table: unqualified(
          / in object '([^']+)'/.exec(message)?.[1] ??
            / row in object '([^']+)'/.exec(message)?.[1],
        ),
      };
    case "foreign key":
    case "check":
      return { constraint: /constraint "([^"]+)"/.exec(message)?.[1] };
    case "not null": {
      const column = /^Cannot insert the value NULL into column '([^']+)'/.exec(message)?.[1];
      return {
        columns: column === undefined ? [] : [column],
        table: unqualified(/, table '([^']+)'/.exec(message)?.[1]),
      };
    }
    default:
      return {};
  }
}
