/**
 * Returns SQL with a comment that says who sent it, for the logs of the database: in the format of
 * sqlcommenter (https://google.github.io/sqlcommenter/spec/). SQL that has a comment already is left
 * as it is.
 *
 * @param sql the SQL
 * @param tags names and values; they are encoded, and sorted by name
 * @returns the SQL
 *
 * @example
 * ```ts
 * import { addSqlComment } from "@kysera/debug/otel";
 * import assert from "node:assert/strict";
 *
 * const sql = addSqlComment("select 1", { route: "/users", application: "shop's" });
 * assert.equal(sql, "select 1 /*application='shop%27s',route='%2Fusers'*" + "/");
 * ```
 */
export function addSqlComment(
  sql: string,
  tags: Readonly<Record<string, string | number | undefined>>,
): string {
  if (sql.includes("/*") || sql.includes("--")) return sql;
  const pairs = Object.entries(tags)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${encode(name)}='${encode(String(value))}'`)
    .sort();
  if (pairs.length === 0) return sql;
  const end = sql.trimEnd();
  return `${end.endsWith(";") ? end.slice(0, -1).trimEnd() : end} /*${pairs.join(",")}*/`;
}

/** What is left over by encodeURIComponent and may end the comment or the value: `'` and `*`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("'", "%27").replaceAll("*", "%2A");
}
