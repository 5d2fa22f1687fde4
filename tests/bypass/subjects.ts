/** The plugins under test, and how a caller is bound to an executor with them. */
import { bindContext, type HookContext, type Plugin, type TableReference } from "@kysera/executor";
import { allow, filter, related, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import { GUARDED, LONG_NAME, OTHER_TENANT, TENANT } from "./data.ts";

/** The name of a {@linkcode Subject}. */
export type SubjectName =
  | "soft delete"
  | "tenant"
  | "grants"
  | "both"
  | "both, reversed"
  | "policies"
  | "relations";

/** A list of plugins that hide the same rows as every other subject's. */
export interface Subject {
  readonly name: SubjectName;
  plugins(dialect: string): Plugin[];
  /** The filter written by hand. */
  visible(eb: ExpressionBuilder<any, any>, table: string, alias: string): Expression<SqlBool>;
}

function appliesTo({ name }: { readonly name: string }): boolean {
  return GUARDED.includes(name);
}

function notDeleted(eb: ExpressionBuilder<any, any>, alias: string): Expression<SqlBool> {
  return eb(eb.ref(`${alias}.deleted_at`), "is", null);
}

function ofTenant(eb: ExpressionBuilder<any, any>, alias: string): Expression<SqlBool> {
  return eb(eb.ref(`${alias}.tenant_id`), "=", TENANT);
}

/** Hides rows that are marked deleted. */
function softDelete(dialect: string): Plugin {
  return softDeletePlugin({ tables: guardedOn(dialect) });
}

function guardedOn(dialect: string): readonly string[] {
  return dialect === "sqlite" ? GUARDED : GUARDED.filter((name) => name !== "docs");
}

/** Shows a caller the rows of its own tenant; without a tenant there is an error. */
function tenant(): Plugin {
  return {
    name: "tenant",
    version: "1.0.0",
    appliesTo,
    filter: (ref, { eb, context }) => eb(ref.column("tenant_id"), "=", tenantOf(context)),
  };
}

/** The tenant in a context: a policy must take nothing else for one. */
export function tenantOf(context: HookContext["context"]): number {
  const id = context?.["tenant"];
  if (!Number.isInteger(id)) throw new TypeError(`no tenant is bound, but ${String(id)}`);
  return id as number;
}

/** A table's name as the grants have it, however the query wrote it. */
function kindOf(table: string): string {
  const name = table.toLowerCase();
  if (name.startsWith("archive_")) return LONG_NAME;
  return { blogposts: "blog_posts", people: "users" }[name] ?? name;
}

/** Shows rows that are granted: the filter reads another table. */
function grants(): Plugin {
  return {
    name: "grants",
    version: "1.0.0",
    appliesTo,
    filter: (ref: TableReference, { eb }) =>
      eb.exists(
        eb.selectFrom("grants")
          .select("grants.row_id")
          .where("grants.tenant_id", "=", TENANT)
          .where("grants.kind", "=", kindOf(ref.table))
          .where(eb(eb.ref("grants.row_id"), "=", ref.column("id"))),
      ),
  };
}

/** Each is one plugin, however many executors have it. */
const POLICIES = new Map<string, Plugin>();

/** Policies of row-level security: the rows of the caller's tenant, to read and to write. */
function policies(dialect: string): Plugin {
  let plugin = POLICIES.get(dialect);
  if (plugin === undefined) POLICIES.set(dialect, plugin = makePolicies(dialect));
  return plugin;
}

function makePolicies(dialect: string): Plugin {
  return rlsPlugin({
    schema: Object.fromEntries(
      guardedOn(dialect).map((name) => [name, {
        policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
        stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
      }]),
    ),
  });
}

/** Each is one plugin, as of {@linkcode POLICIES}. */
const RELATIONS = new Map<string, Plugin>();

/** Policies that look at rows of another table, by a relation to it. */
function relations(dialect: string): Plugin {
  let plugin = RELATIONS.get(dialect);
  if (plugin === undefined) RELATIONS.set(dialect, plugin = makeRelations(dialect));
  return plugin;
}

function makeRelations(dialect: string): Plugin {
  return rlsPlugin({
    schema: Object.fromEntries(
      guardedOn(dialect).map((name) => [name, {
        relations: { grants: { table: "grants", columns: { id: "row_id" } } },
        policies: [
          filter(
            "read",
            related("grants", (ctx) => ({ tenant_id: ctx.auth.tenantId, kind: kindOf(name) })),
          ),
          allow(["create", "update", "delete"], true),
        ],
      }]),
    ),
  });
}

/** Every subject; all of them hide the same rows. */
export const SUBJECTS: Readonly<Record<SubjectName, Subject>> = {
  "soft delete": {
    name: "soft delete",
    plugins: (dialect) => [softDelete(dialect)],
    visible: (eb, _table, alias) => notDeleted(eb, alias),
  },
  "tenant": {
    name: "tenant",
    plugins: () => [tenant()],
    visible: (eb, _table, alias) => ofTenant(eb, alias),
  },
  "grants": {
    name: "grants",
    plugins: () => [grants()],
    visible: (eb, table, alias) =>
      eb.exists(
        eb.selectFrom("grants")
          .select("grants.row_id")
          .where("grants.tenant_id", "=", TENANT)
          .where("grants.kind", "=", table)
          .where(eb(eb.ref("grants.row_id"), "=", eb.ref(`${alias}.id`))),
      ),
  },
  "both": {
    name: "both",
    plugins: (dialect) => [softDelete(dialect), tenant()],
    visible: (eb, _table, alias) => eb.and([notDeleted(eb, alias), ofTenant(eb, alias)]),
  },
  "both, reversed": {
    name: "both, reversed",
    plugins: (dialect) => [tenant(), softDelete(dialect)],
    visible: (eb, _table, alias) => eb.and([ofTenant(eb, alias), notDeleted(eb, alias)]),
  },
  "relations": {
    name: "relations",
    plugins: (dialect) => [relations(dialect)],
    // In the words of the plugin, so that query plans can be compared.
    visible: (eb, table, alias) =>
      eb.exists(
        eb.selectFrom("grants as kysera_related1")
          .select(eb.lit(1).as("found"))
          .where(eb(eb.ref("kysera_related1.row_id"), "=", eb.ref(`${alias}.id`)))
          .where("kysera_related1.tenant_id", "=", TENANT)
          .where("kysera_related1.kind", "=", table),
      ),
  },
  "policies": {
    name: "policies",
    plugins: (dialect) => [policies(dialect)],
    visible: (eb, _table, alias) => ofTenant(eb, alias),
  },
};

/** The subjects that ask nothing of rows that are written. */
export const READING_ONLY: readonly SubjectName[] = [
  "soft delete",
  "tenant",
  "grants",
  "both",
  "both, reversed",
];

/** A subject under one of the two settings for raw SQL. */
export interface Setting {
  readonly subject: Subject;
  readonly rawSql: "allow" | "deny";
}

/** What every case runs under. */
export const SETTINGS: readonly Setting[] = [
  { subject: SUBJECTS["soft delete"], rawSql: "allow" },
  { subject: SUBJECTS["soft delete"], rawSql: "deny" },
  { subject: SUBJECTS["tenant"], rawSql: "deny" },
  { subject: SUBJECTS["grants"], rawSql: "allow" },
  { subject: SUBJECTS["both"], rawSql: "deny" },
  { subject: SUBJECTS["both, reversed"], rawSql: "allow" },
  { subject: SUBJECTS["policies"], rawSql: "deny" },
  { subject: SUBJECTS["relations"], rawSql: "deny" },
];

/** The handle of the caller whose rows the others are hidden from. */
export function bindCaller<K extends Kysely<any>>(executor: K): K {
  return bindContext(executor, contextOf(TENANT));
}

/** The handle of somebody else. */
export function bindStranger<K extends Kysely<any>>(executor: K): K {
  return bindContext(executor, contextOf(OTHER_TENANT));
}

function contextOf(tenant: number): object {
  return { tenant, auth: { userId: tenant, roles: [], tenantId: tenant } };
}
