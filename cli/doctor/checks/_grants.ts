import { sql } from "kysely";
import { type Check, policedTables, statement } from "../_check.ts";

/** A user for whom no policy holds. */
export const exemptUser: Check = {
  id: "exempt-user",
  severity: "warning",
  reason: "No policy of the database holds for it, whatever it asks.",
  find: ({ schema, facts }) =>
    !facts.bypassesPolicies || schema.tables.every(({ policies }) => policies.length === 0)
      ? []
      : [{
        table: undefined,
        message: "The user of this connection is a superuser, or has BYPASSRLS",
        fix: "Connect programs as a role that is neither.",
      }],
};

/** A user of MySQL that may do everything everywhere. */
export const almightyUser: Check = {
  id: "almighty-user",
  severity: "warning",
  reason: "A mistake in one program reaches every database of the server, and its users.",
  find: (patient) =>
    !patient.facts.ownsServer ? [] : [{
      table: undefined,
      message: "The user of this connection has all privileges on all databases",
      fix: statement(
        patient,
        sql`grant select, insert, update, delete on ${
          sql.id(patient.schema.defaultSchema)
        }.* to app`,
      ) + " -- and connect programs as that user",
    }],
};

/** Tables with policies that others than their owner may empty. */
export const truncatePastPolicies: Check = {
  id: "truncate-past-policies",
  severity: "warning",
  reason: "No policy is asked about TRUNCATE.",
  find: (patient) => {
    const policed = policedTables(patient);
    return patient.facts.truncaters.filter(({ table }) => policed.has(table)).map((
      { table, role },
    ) => ({
      table,
      message: `"${role}" may empty "${table}", which has policies`,
      fix: statement(
        patient,
        sql`revoke truncate on ${sql.table(table)} from ${
          role === "public" ? sql`public` : sql.id(role)
        }`,
      ),
    }));
  },
};

/** A schema in which everybody may create tables and functions. */
export const openSchema: Check = {
  id: "open-schema",
  severity: "warning",
  reason: "Whoever may connect can put a function or an operator before one that programs call.",
  find: (patient) =>
    !patient.facts.isSchemaOpen ? [] : [{
      table: undefined,
      message: `Every role may create objects in the schema "${patient.schema.defaultSchema}"`,
      fix: statement(
        patient,
        sql`revoke create on schema ${sql.id(patient.schema.defaultSchema)} from public`,
      ),
    }],
};
