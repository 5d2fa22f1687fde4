import type { Dialect } from "@kysera/core";
import type { PlannedMigration } from "@kysera/migrations";
import { inlineParameters } from "./_inline_parameters.ts";

/** Whether the dialect can change its schema in a transaction, as the script then does. */
const TRANSACTIONS: Readonly<Record<Dialect, boolean>> = {
  postgres: true,
  sqlite: true,
  mssql: true,
  mysql: false,
};

/** Returns what migrations would send as a script that a person can run. */
export function scriptOf(plan: readonly PlannedMigration[], dialect: Dialect): string {
  return plan.map(({ name, operation, transaction, statements }) => {
    const isWhole = transaction && TRANSACTIONS[dialect];
    return [
      // The name is that of a file, and may hold anything but a line's end there.
      `-- ${name.replace(/[\r\n]/g, " ")}${operation === "down" ? " (down)" : ""}`,
      ...isWhole ? ["begin;"] : [],
      ...statements.map(({ sql, parameters }) =>
        endStatement(inlineParameters(sql, parameters, dialect), dialect)
      ),
      ...isWhole ? ["commit;"] : [],
      "",
    ].join("\n");
  }).join("\n");
}

/** Ends a statement; one with a body of statements needs a mark of the client on MySQL. */
function endStatement(sql: string, dialect: Dialect): string {
  const text = sql.trimEnd().replace(/;$/, "");
  if (dialect !== "mysql" || !text.includes(";")) return `${text};`;
  return `delimiter //\n${text}//\ndelimiter ;`;
}
