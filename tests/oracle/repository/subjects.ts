import { bindContext, type Plugin } from "@kysera/executor";
import { createORM, createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, type Kysely } from "kysely";
import { reentrant } from "../../support/reentrant.ts";
import { GONE, type Table, tables } from "./tables.ts";

/** What is put to the test: how to make repositories whose callers must not see hidden rows. */
export interface RepositorySubject {
  readonly name: string;
  /** Makes the handles of the callers, and what makes repositories on them. */
  make(db: Kysely<any>): Promise<Handles>;
  /** Whether each caller is a tenant, with rows of their own. */
  readonly tenants: boolean;
  /** Whether `delete` leaves the row, marked. */
  readonly softDeletes?: boolean | undefined;
  /** Whether columns are in camel case, of a Kysely plugin above or below the executor. */
  readonly camelCase?: "above" | "below" | undefined;
}

export interface Handles {
  /** The executor of each caller: two, or one for all. */
  readonly callers: readonly Kysely<any>[];
  /** Makes the repository of a table on the executor. */
  repository(table: Table): any;
}

const names = tables.map(({ name }) => name);

const softly = (onDelete: "hard" | "soft" = "hard"): Plugin =>
  softDeletePlugin({
    tables: names,
    deletedValue: GONE,
    onDelete,
    primaryKeyColumn: Object.fromEntries(tables.map(({ name, key }) => [name, [...key]])),
  });

const tenantOf = (context: Readonly<Record<string, unknown>> | undefined): unknown => {
  if (typeof context?.["tenant"] !== "number") throw new Error("no tenant is bound");
  return context["tenant"];
};

/** Every caller is a tenant; which one is read when a query runs. */
const late: Plugin = {
  name: "by-tenant",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => names.includes(name),
  filter: (ref, { eb, value }) => eb(ref.column("tenant"), "=", value(tenantOf)),
  stamp: ({ operation }, { value }) =>
    operation === "insert" ? { set: { tenant: value(tenantOf) }, given: "replace" } : undefined,
};

/** The same, of a hook that looks at the context itself: nothing can be kept for another caller. */
const early: Plugin = {
  ...late,
  stable: false,
  filter: (ref, { eb, context }) => eb(ref.column("tenant"), "=", tenantOf(context)),
};

/** The same as a policy. */
const policies = (): Plugin =>
  rlsPlugin({
    schema: defineRLSSchema<any>(Object.fromEntries(names.map((name) => [name, {
      policies: [filter("all", ({ auth }) => ({ tenant: auth.tenantId }))],
      stamp: { tenant: ({ auth }) => auth.tenantId },
    }]))),
  });

const untouched: Plugin = { name: "untouched", version: "1.0.0", interceptQuery: (qb) => qb };

/** A subject of plugins. */
export function ofPlugins(
  name: string,
  plugins: () => readonly Plugin[],
  more: Omit<RepositorySubject, "name" | "make">,
): RepositorySubject {
  return {
    name,
    ...more,
    async make(db) {
      const below = more.camelCase === "below" ? db.withPlugin(new CamelCasePlugin()) : db;
      const orm = await createORM(below, [...plugins()]);
      const executor: Kysely<any> = more.camelCase === "above"
        ? orm.executor.withPlugin(new CamelCasePlugin())
        : orm.executor;
      return {
        callers: more.tenants
          ? [1, 2].map((tenant) =>
            bindContext(executor, {
              tenant,
              auth: { userId: tenant, tenantId: tenant, roles: [] },
            })
          )
          : [executor],
        repository: ({ name, config }) =>
          executor === orm.executor
            ? orm.createRepository({ tableName: name, ...config })
            : createRepository(executor, { tableName: name, ...config }),
      };
    },
  };
}

export const plain: RepositorySubject = ofPlugins("soft delete", () => [softly()], {
  tenants: false,
});

export const tenants: RepositorySubject = ofPlugins(
  "soft delete and tenants",
  () => [softly(), late],
  { tenants: true },
);

export const variants: readonly RepositorySubject[] = [
  ofPlugins("tenants that are looked at early", () => [early, softly()], { tenants: true }),
  ofPlugins("soft delete that makes deletes updates", () => [softly("soft")], {
    tenants: false,
    softDeletes: true,
  }),
  ofPlugins("a plugin that changes nothing", () => [softly(), untouched, late], { tenants: true }),
  ofPlugins("soft delete and policies", () => [softly(), policies()], { tenants: true }),
  ofPlugins("policies and soft deletes", () => [policies(), softly("soft")], {
    tenants: true,
    softDeletes: true,
  }),
  ofPlugins(
    "soft delete and tenants, beside hooks that compile queries",
    () => [
      softly(),
      late,
      reentrant({
        tables: names,
        filtered: names,
        queries: 1,
        stable: true,
        context: { tenant: 1 },
      }),
    ],
    { tenants: true },
  ),
  ofPlugins(
    "policies, beside hooks that compile queries",
    () => [reentrant({ tables: names, queries: 1 }), policies(), softly()],
    { tenants: true },
  ),
  ofPlugins("camel case above the executor", () => [softly(), late], {
    tenants: true,
    camelCase: "above",
  }),
  ofPlugins("camel case below the executor", () => [softly(), late], {
    tenants: true,
    camelCase: "below",
  }),
];
