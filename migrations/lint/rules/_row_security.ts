import { DIALECTS } from "@kysera/core";
import { columnsOf, hasName, policiesOf, tenantColumnOf } from "./_plugin_tables.ts";
import { isIndexedBy } from "./_plugins.ts";
import { listed, type RuleDefinition, shown } from "./_rule.ts";

/** Rules about tables whose rows are not for everybody. */
export const ROW_SECURITY_RULES: readonly RuleDefinition[] = [
  {
    id: "new-table-undeclared",
    severity: "error",
    dialects: DIALECTS,
    reason: "Nobody has decided who may see its rows: without policies everybody may.",
    instead: "Give it policies in the schema of rlsPlugin(), or name it in `publicTables`.",
    on: {
      "create-table": ({ table, temporary }, { plugins }) =>
        plugins.rls === undefined || temporary || policiesOf(plugins, table) !== undefined ||
          hasName(plugins.rls.publicTables, table)
          ? undefined
          : `${shown(table)} has no policies, and is not declared public`,
    },
  },
  {
    id: "policed-table-without-policy",
    severity: "error",
    dialects: DIALECTS,
    reason: "No row of it can be read, or, where the database has the policies, every row can.",
    instead: "Write its policies, and where the database has them, create them with the table.",
    *end({ plugins, view, dialect }) {
      if (plugins.rls === undefined) return;
      const isNative = plugins.rls.native === true && dialect === "postgres";
      for (const { name, origin, policies } of view.tables) {
        const declared = policiesOf(plugins, name);
        if (origin === undefined || declared === undefined) continue;
        if (declared.policies.length === 0) {
          yield { message: `${shown(name)} has an empty list of policies`, at: origin };
        } else if (isNative && policies.length === 0) {
          yield { message: `No policy is created for ${shown(name)}`, at: origin };
        }
      }
    },
  },
  {
    id: "rls-enabled-no-policy",
    severity: "error",
    dialects: ["postgres"],
    reason: "Everybody but the owner sees no row at all.",
    instead: "Create its policies in the same migration.",
    *end({ view }) {
      for (const { name, rowSecurity, policies, before } of view.tables) {
        if (rowSecurity?.isEnabled !== true) continue;
        if (policies.length > 0 || before?.hasPolicies !== false) continue;
        yield { message: `${shown(name)} has row security and no policy`, at: rowSecurity.origin };
      }
    },
  },
  {
    id: "policy-but-rls-off",
    severity: "error",
    dialects: ["postgres"],
    reason: "Policies of a table without row security do nothing: everybody sees every row.",
    instead: "`alter table .. enable row level security`, and `force` it for the owner.",
    *end({ view }) {
      for (const { name, rowSecurity, policies, before } of view.tables) {
        const isOn = rowSecurity?.isEnabled ?? before?.isSecured ?? true;
        const hasPolicies = policies.length > 0 || before?.hasPolicies === true;
        const at = rowSecurity?.origin ?? policies[0];
        if (isOn || !hasPolicies || at === undefined) continue;
        yield { message: `${shown(name)} has a policy and no row security`, at };
      }
    },
  },
  {
    id: "rls-not-forced",
    severity: "warning",
    dialects: ["postgres"],
    reason: "The owner of the table, which programs often connect as, sees every row.",
    instead: "`alter table .. force row level security`, or connect as another role.",
    *end({ view }) {
      for (const { name, rowSecurity, isForced } of view.tables) {
        if (rowSecurity?.isEnabled !== true || isForced === true) continue;
        yield { message: `The owner of ${shown(name)} is exempt`, at: rowSecurity.origin };
      }
    },
  },
  {
    id: "policy-per-row-function",
    severity: "warning",
    dialects: ["postgres"],
    reason: "The function is called for every row that the query looks at.",
    instead: "Call it in a subquery, which runs once: `(select current_setting(..))`.",
    on: {
      "create-policy": ({ table, name, perRowCalls }) => {
        const [call] = perRowCalls.filter((each) => !BARE.has(each));
        return call && `The policy "${name}" of ${shown(table)} calls ${call}() for each row`;
      },
    },
  },
  {
    id: "policy-column-unindexed",
    severity: "error",
    dialects: DIALECTS,
    reason: "Every query compares the column: without an index each reads the whole table.",
    instead: "Create an index that begins with the column.",
    *end({ plugins, view }) {
      for (const table of view.tables) {
        const declared = policiesOf(plugins, table.name);
        if (declared === undefined) continue;
        for (const column of columnsOf(declared)) {
          const at = table.origin ?? table.columns.get(column)?.origin;
          if (at === undefined || isIndexedBy(table, [column])) continue;
          yield {
            message: `No index begins with "${column}" of ${
              shown(table.name)
            }, which its policies compare`,
            at,
          };
        }
      }
    },
  },
  {
    id: "tenant-column-nullable",
    severity: "error",
    dialects: DIALECTS,
    reason: "A row of nobody is seen by nobody, or, through a policy with OR, by everybody.",
    instead: "Make the column NOT NULL.",
    *end({ plugins, view }) {
      for (const table of view.tables) {
        const column = tenantColumnOf(plugins, table.name, table);
        const known = column === undefined ? undefined : table.columns.get(column);
        if (known?.origin === undefined || known.nullable !== true) continue;
        yield { message: `"${column}" of ${shown(table.name)} may be null`, at: known.origin };
      }
    },
  },
  {
    id: "unique-without-tenant",
    severity: "error",
    dialects: DIALECTS,
    reason:
      "A tenant finds out by a refused value what other tenants have, and takes it from them.",
    instead: "Put the column of the tenant into the unique index.",
    *end({ plugins, view }) {
      for (const table of view.tables) {
        const column = tenantColumnOf(plugins, table.name, table);
        if (column === undefined) continue;
        for (const { columns, unique, origin } of table.indexes) {
          if (!unique || origin === undefined || columns.includes(column)) continue;
          yield {
            message: `${listed(columns)} of ${shown(table.name)} is unique among all tenants`,
            at: origin,
          };
        }
      }
    },
  },
  {
    id: "fk-across-tenants",
    severity: "warning",
    dialects: DIALECTS,
    reason: "A row can refer to a row of another tenant.",
    instead: "Use a foreign key of both columns: `(tenant_id, project_id)`.",
    *end({ plugins, view }) {
      for (const table of view.tables) {
        const column = tenantColumnOf(plugins, table.name, table);
        if (column === undefined) continue;
        for (const { columns, references, origin } of table.foreignKeys) {
          const target = view.table(references);
          if (origin === undefined || columns.includes(column)) continue;
          if (tenantColumnOf(plugins, references, target) === undefined) continue;
          yield {
            message: `${listed(columns)} of ${shown(table.name)} may refer to ${
              shown(references)
            } of another tenant`,
            at: origin,
          };
        }
      }
    },
  },
];

/** What is looked up once for each statement. */
const BARE: ReadonlySet<string> = new Set(["current_user", "session_user"]);
