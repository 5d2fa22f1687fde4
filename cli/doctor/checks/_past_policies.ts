import type { SchemaRoutine } from "@kysera/migrations/schema";
import { sql } from "kysely";
import { type Check, type Patient, policedTables, statement, storedTables } from "../_check.ts";

/** Tables with a tenant column that no policy is about. */
export const tenantWithoutPolicy: Check = {
  id: "tenant-without-policy",
  severity: "warning",
  reason: "A query that forgets the condition shows the rows of every tenant.",
  find: (patient) => {
    const { tenantColumns, hasExecutor, policed } = patient.facts;
    return storedTables(patient).flatMap(({ name, columns, policies, rowSecurity }) => {
      const column = columns.find((each) => tenantColumns.includes(each.name));
      const isPoliced = policed.has(name) || (policies.length > 0 && rowSecurity.enabled);
      if (column === undefined || isPoliced) return [];
      return [{
        table: name,
        message: `"${name}" has "${column.name}", and no policy is about it`,
        fix: hasExecutor || patient.schema.dialect !== "postgres"
          ? `Add it to the schema of rlsPlugin(): ${name}: { policies: [filter("all", (ctx) => ({ ${column.name}: ctx.auth.tenantId }))] }`
          : `${
            statement(patient, sql`alter table ${sql.table(name)} enable row level security`)
          } ` +
            "-- and create policies; see `kysera policies to-postgres`",
      }];
    });
  },
};

/** Views that show rows which policies hide. */
export const viewPastPolicies: Check = {
  id: "view-past-policies",
  severity: "warning",
  reason: "It reads as its owner, and shows everybody what that one may see.",
  find: (patient) => {
    const { schema, facts } = patient;
    const native = nativelyPoliced(patient);
    const asks = (view: string) => facts.viewSources.filter((each) => each.view === view);
    return schema.views.flatMap(({ name, materialized, options }) => {
      const sources = asks(name).map(({ table }) => table);
      const open = facts.openViews.has(name);
      const past = sources.filter((table) =>
        native.has(table) || (open && facts.policed.has(table))
      );
      const isInvoker = ["true", "on", "1"].includes(String(options["security_invoker"]));
      if (past.length === 0 || (!materialized && isInvoker && !open)) return [];
      return [{
        table: name,
        message: `"${name}" reads "${past.join('", "')}" past the policies`,
        fix: materialized
          ? `Grant it to nobody whom policies apply to: ${
            statement(patient, sql`revoke all on ${sql.table(name)} from public`)
          }`
          : open
          ? `Give it policies of its own, and take it out of "skipTables" of rlsPlugin().`
          : statement(patient, sql`alter view ${sql.table(name)} set (security_invoker = true)`),
      }];
    });
  },
};

/** Functions that read tables with policies as somebody else. */
export const functionPastPolicies: Check = {
  id: "function-past-policies",
  severity: "warning",
  reason: "Whoever may call it reads, or writes, what policies hide.",
  find: (patient) => {
    const { routines } = patient.schema;
    const native = nativelyPoliced(patient);
    return routines.filter(({ kind }) => kind !== "aggregate").flatMap((routine) => {
      const isDefiner = /\bsecurity definer\b/i.test(routine.definition);
      // What a plugin makes of queries does not reach into a function of the database.
      const tables = [...policedTables(patient)].filter((table) =>
        (isDefiner || !native.has(table)) && names(routine, table)
      );
      if (tables.length === 0) return [];
      return [{
        table: tables[0],
        message: `The ${routine.kind} "${routine.name}" names "${
          tables.join('", "')
        }", which has policies`,
        fix: patient.schema.dialect !== "postgres"
          ? `Grant it to nobody whom policies apply to, or let it ask for the caller's rows itself.`
          : `${
            statement(
              patient,
              sql`revoke execute on ${
                routine.kind === "procedure" ? sql`procedure` : sql`function`
              } ${sql.table(routine.name)} from public`,
            )
          } -- or create it with SECURITY INVOKER`,
      }];
    });
  },
};

/** Tables whose policies the database itself enforces. */
function nativelyPoliced(patient: Patient): ReadonlySet<string> {
  return new Set(
    storedTables(patient).filter(({ policies, rowSecurity }) =>
      policies.length > 0 && rowSecurity.enabled
    ).map(({ name }) => name),
  );
}

/** Whether the text of a routine has the name of a table in it as a word. */
function names({ definition }: SchemaRoutine, table: string): boolean {
  for (let at = definition.indexOf(table); at >= 0; at = definition.indexOf(table, at + 1)) {
    const isWord = (letter: string | undefined) => letter !== undefined && /\w/.test(letter);
    if (!isWord(definition[at - 1]) && !isWord(definition[at + table.length])) return true;
  }
  return false;
}
