import { sql } from "kysely";
import { type Check, isIndexed, type Patient, statement, storedTables } from "../_check.ts";

/** Tables whose rows cannot be told apart. */
export const noPrimaryKey: Check = {
  id: "no-primary-key",
  severity: "warning",
  reason: "Rows cannot be told apart: audit, replication and pages by keys need one.",
  find: (patient) =>
    storedTables(patient).filter(({ primaryKey }) => primaryKey === null).map(({ name }) => ({
      table: name,
      message: `"${name}" has no primary key`,
      fix: patient.schema.dialect === "sqlite"
        ? "Create it anew with a primary key, and copy its rows."
        : `${
          statement(patient, sql`alter table ${sql.table(name)} add primary key (${sql.id("id")})`)
        } -- or the columns that tell its rows apart`,
    })),
};

/** Tables that are audited, and whose rows cannot be told apart. */
export const auditedWithoutKey: Check = {
  id: "audited-without-key",
  severity: "error",
  reason: "An entry of the log cannot say which row it is about, and nothing can be restored.",
  find: (patient) =>
    storedTables(patient).filter(({ name, primaryKey, uniques }) =>
      primaryKey === null && uniques.length === 0 && patient.facts.audited.has(name)
    ).map(({ name }) => ({
      table: name,
      message: `"${name}" is audited, and has no primary key`,
      fix: patient.schema.dialect === "sqlite"
        ? "Create it anew with a primary key, and copy its rows."
        : `${
          statement(patient, sql`alter table ${sql.table(name)} add primary key (${sql.id("id")})`)
        } -- or the columns that tell its rows apart`,
    })),
};

/** Keys that are not what the program takes for them. */
export const differentKey: Check = {
  id: "different-key",
  severity: "error",
  reason: "A program that finds a row by it changes several, or none.",
  find: (patient) =>
    Object.entries(patient.facts.keys).flatMap(([name, key]) => {
      const table = storedTables(patient).find((each) => each.name === name);
      if (table === undefined) {
        return [{
          table: name,
          message: `There is no table "${name}", and doctor.keys names it`,
          fix: "Take it out of doctor.keys, or create it by a migration.",
        }];
      }
      const unique = [table.primaryKey, ...table.uniques].flatMap((each) =>
        each === null ? [] : [each.columns]
      );
      const isKey = unique.some((columns) =>
        columns.length === key.length && columns.every((column) => key.includes(column))
      );
      if (isKey) return [];
      const own = table.primaryKey?.columns;
      return [{
        table: name,
        message: `The program finds rows of "${name}" by ${key.join(", ")}, and its key is ${
          own === undefined ? "not there" : own.join(", ")
        }`,
        fix: own === undefined
          ? statement(
            patient,
            sql`alter table ${sql.table(name)} add unique (${sql.join(key.map((c) => sql.id(c)))})`,
          )
          : `Say so in the program: primaryKey: ${JSON.stringify(own.length === 1 ? own[0] : own)}`,
      }];
    }),
};

/** Foreign keys whose rows are searched one by one. */
export const unindexedForeignKey: Check = {
  id: "unindexed-foreign-key",
  severity: "warning",
  reason: "Each delete or update of the row that is referred to reads the whole table.",
  find: (patient) =>
    storedTables(patient).flatMap((table) => {
      return table.foreignKeys.filter(({ columns }) => !isIndexed(table, columns)).map((
        { columns },
      ) => ({
        table: table.name,
        message: `"${table.name}" has no index on ${
          columns.join(", ")
        }, which refers to another table`,
        fix: patient.db.schema.createIndex(`${table.name}_${columns.join("_")}_index`)
          .on(table.name).columns([...columns]).compile().sql + ";",
      }));
    }),
};

/** Keys that end at two thousand million. */
export const smallPrimaryKey: Check = {
  id: "small-primary-key",
  severity: "info",
  reason: "It ends at 2,147,483,647; to enlarge it later rewrites the table.",
  find: (patient) =>
    storedTables(patient).flatMap(({ name, primaryKey, columns }) => {
      const [key, ...more] = primaryKey?.columns ?? [];
      const column = columns.find((each) => each.name === key);
      const isSmall = more.length === 0 && column !== undefined && column.identity !== null &&
        ["int4", "int2", "int", "smallint", "mediumint"].includes(column.type.name);
      // The keys of SQLite are as large as they have to be.
      if (!isSmall || patient.schema.dialect === "sqlite") return [];
      return [{
        table: name,
        message: `"${name}" is numbered by ${column.type.text}`,
        fix: largerKey(patient, name, column.name),
      }];
    }),
};

function largerKey(patient: Patient, table: string, column: string): string {
  const alter = patient.db.schema.alterTable(table);
  const change = patient.schema.dialect === "mysql"
    ? alter.modifyColumn(column, "bigint", (to) => to.notNull().autoIncrement())
    : alter.alterColumn(column, (to) => to.setDataType("bigint"));
  return `${change.compile().sql}; -- rewrites the table, and those that refer to it need it, too`;
}
