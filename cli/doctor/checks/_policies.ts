import { sql } from "kysely";
import { type Check, statement, storedTables } from "../_check.ts";

/** Policies that do nothing. */
export const policyWithoutSecurity: Check = {
  id: "policy-without-security",
  severity: "error",
  reason: "Row-level security is off, and every row is shown.",
  find: (patient) =>
    storedTables(patient)
      .filter(({ policies, rowSecurity }) => policies.length > 0 && !rowSecurity.enabled)
      .map(({ name }) => ({
        table: name,
        message: `"${name}" has policies that are not enforced`,
        fix: statement(patient, sql`alter table ${sql.table(name)} enable row level security`),
      })),
};

/** Tables that nobody can read. */
export const securityWithoutPolicy: Check = {
  id: "security-without-policy",
  severity: "warning",
  reason: "Nobody but its owner sees a row.",
  find: (patient) =>
    storedTables(patient)
      .filter(({ policies, rowSecurity }) => policies.length === 0 && rowSecurity.enabled)
      .map(({ name }) => ({
        table: name,
        message: `"${name}" has row-level security and no policy`,
        fix: `${
          statement(patient, sql`create policy visible on ${sql.table(name)} using (true)`)
        } -- with a condition`,
      })),
};

/** Policies that the owner of the table goes past. */
export const securityNotForced: Check = {
  id: "security-not-forced",
  severity: "warning",
  reason: "The owner of the table, which programs often are, sees every row.",
  find: (patient) =>
    storedTables(patient)
      .filter(({ policies, rowSecurity }) =>
        policies.length > 0 && rowSecurity.enabled && !rowSecurity.forced
      )
      .map(({ name }) => ({
        table: name,
        message: `The policies of "${name}" do not hold for its owner`,
        fix: statement(patient, sql`alter table ${sql.table(name)} force row level security`),
      })),
};
