import { sql } from "kysely";
import { type Check, statement, storedTables } from "../_check.ts";

/** Unique columns that rows which are marked as deleted still take. */
export const uniqueWithSoftDelete: Check = {
  id: "unique-with-soft-delete",
  severity: "warning",
  reason: "A row that is marked as deleted keeps others from having its values.",
  find: (patient) =>
    storedTables(patient)
      .filter(({ columns }) => columns.some(({ name }) => name === patient.facts.deletedAt))
      .flatMap((table) => {
        const plain = table.indexes.filter(({ unique, predicate, parts }) =>
          unique && predicate === null && parts.every(({ column }) => column !== null)
        ).map(({ parts }) => parts.map(({ column }) => column!));
        return [...table.uniques.map(({ columns }) => columns), ...plain]
          .filter((columns) => !columns.includes(patient.facts.deletedAt))
          .map((columns) => ({
            table: table.name,
            message: `"${table.name}" has unique ${columns.join(", ")}, for deleted rows as well`,
            fix: patient.schema.dialect === "mysql"
              ? `Make it unique together with a column that is null for deleted rows.`
              : patient.db.schema.createIndex(`${table.name}_${columns.join("_")}_unique`).unique()
                .on(table.name).columns([...columns])
                .where(patient.facts.deletedAt, "is", null).compile().sql +
                "; -- in place of the other",
          }));
      }),
};

/** Times that mean something else in another zone. */
export const timestampWithoutZone: Check = {
  id: "timestamp-without-zone",
  severity: "warning",
  reason: "Drivers read it in the time zone of their process.",
  find: (patient) =>
    patient.schema.dialect !== "postgres"
      ? []
      : storedTables(patient).flatMap(({ name, columns }) =>
        columns.filter(({ type }) => type.name === "timestamp").map((column) => ({
          table: name,
          message: `"${name}"."${column.name}" is a timestamp without a time zone`,
          fix: patient.db.schema.alterTable(name)
            .alterColumn(column.name, (change) => change.setDataType("timestamptz")).compile().sql +
            "; -- rewrites the table",
        }))
      ),
};

/** Times of MySQL that have no zone. */
export const datetimeWithoutZone: Check = {
  id: "datetime-without-zone",
  severity: "info",
  reason: "What it means is known to the programs alone, and two of them may differ.",
  find: (patient) => {
    const found = storedTables(patient).flatMap(({ name, columns }) =>
      columns.filter(({ type }) => type.name === "datetime").map((column) =>
        `${name}.${column.name}`
      )
    );
    if (patient.schema.dialect !== "mysql" || found.length === 0) return [];
    return [{
      table: undefined,
      message: `${found.slice(0, 5).join(", ")}${
        found.length > 5 ? ` and ${found.length - 5} more` : ""
      } ${found.length === 1 ? "is a datetime" : "are datetimes"}, without a time zone`,
      fix: 'Keep times in UTC, and give the driver of each program timezone: "Z".',
    }];
  },
};

/** Constraints that old rows need not keep. */
export const unvalidatedConstraint: Check = {
  id: "unvalidated-constraint",
  severity: "info",
  reason: "Rows that were there before it may break it.",
  find: (patient) =>
    storedTables(patient).flatMap(({ name, foreignKeys, checks }) =>
      [...foreignKeys, ...checks].filter(({ validated }) => !validated).map((constraint) => ({
        table: name,
        message: `"${constraint.name}" of "${name}" is not validated`,
        fix: statement(
          patient,
          sql`alter table ${sql.table(name)} validate constraint ${sql.id(constraint.name ?? "")}`,
        ),
      }))
    ),
};

/** Tables of MySQL that have no transactions. */
export const noTransactions: Check = {
  id: "no-transactions",
  severity: "error",
  reason: "What is written to it stays when the transaction is rolled back.",
  find: (patient) =>
    storedTables(patient)
      .filter(({ options }) =>
        /^(?:myisam|aria|memory|csv|archive)$/i.test(options["engine"] ?? "")
      )
      .map(({ name, options }) => ({
        table: name,
        message: `"${name}" is stored by ${options["engine"]}`,
        fix: statement(patient, sql`alter table ${sql.table(name)} engine = InnoDB`),
      })),
};
