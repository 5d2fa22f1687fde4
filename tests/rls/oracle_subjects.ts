import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { defineRLSSchema, type RLSContext, rlsPlugin, type RLSSchema } from "@kysera/rls";
import type { Kysely } from "kysely";
import type { Statement } from "../oracle/ast.ts";
import { filteredNames } from "../oracle/schema.ts";
import { compiling } from "../oracle/subjects.ts";
import {
  caller,
  camelCase,
  distributed,
  type Shape,
  shapes,
  tenantColumn,
} from "./oracle_shapes.ts";
import type { Subject } from "./oracle_visible.ts";

/** A handle of the caller, of an executor that enforces the policies of a shape. */
export async function handleOf(
  db: Kysely<any>,
  policies: RLSSchema<any>,
  others: readonly Plugin[] = [],
): Promise<Kysely<any>> {
  const plugins = [rlsPlugin({ schema: policies }), ...others];
  // The generator's fragments of raw SQL name no table that has policies.
  const executor = await createExecutor(db, plugins, { rawSql: "allow" });
  return bindContext(executor, { ...caller });
}

function subject(shape: Shape): Subject {
  return { name: shape.name, shape, make: (db) => handleOf(db, shape.policies) };
}

/** One subject for each shape of policies. */
export const subjects: readonly Subject[] = shapes.map(subject);

/** One subject for each shape whose tables are distributed. */
export const distributedSubjects: readonly Subject[] = distributed.map(subject);

/** A context that is never the same: what policies do not read of it, they do not read. */
export function anotherContext(): RLSContext {
  const { auth } = caller;
  return {
    auth: {
      ...auth,
      roles: [...auth.roles, "another"].sort(() => Math.random() - 0.5),
      attributes: { token: crypto.randomUUID(), seen: new Map([[{}, new Set([1])]]) },
      user: new (class User {
        readonly at = performance.now();
      })(),
    },
    request: { requestId: crypto.randomUUID(), timestamp: new Date() },
    meta: { log: () => {}, [Symbol("trace")]: performance.now() },
    timestamp: new Date(),
  };
}

/** The same rule on the way to the database: other names, other handles, other defaults. */
export const variants: readonly Subject[] = [
  {
    ...subject(tenantColumn),
    name: "a tenant column, in camel case above the executor",
    camelCase: true,
    make: async (db) => (await handleOf(db, tenantColumn.policies)).withPlugin(camelCase),
  },
  {
    ...subject(tenantColumn),
    name: "a tenant column, in camel case below the executor",
    camelCase: true,
    make: (db) => handleOf(db.withPlugin(camelCase), inCamelCase(tenantColumn.policies)),
  },
  {
    ...subject(tenantColumn),
    name: "a tenant column, and raw SQL refused",
    make: async (db) =>
      bindContext(
        await createExecutor(db, [rlsPlugin({ schema: tenantColumn.policies })]),
        { ...caller },
      ),
    mayRefuse: holdsRows,
  },
  {
    ...subject(tenantColumn),
    name: "a tenant column, of a provider whose contexts are never the same",
    make: async (db) =>
      await createExecutor(
        db,
        [rlsPlugin({ schema: tenantColumn.policies, contextProvider: anotherContext })],
        { rawSql: "allow" },
      ),
  },
  ...shapes.filter(({ name }) => ["a tenant column", "less to write than to read"].includes(name))
    .map((shape): Subject => ({
      ...subject(shape),
      name: `${shape.name}, beside hooks that compile queries`,
      make: (db) =>
        handleOf(
          db,
          shape.policies,
          shape === tenantColumn ? [compiling(true, filteredNames)] : [compiling(false)],
        ),
    })),
];

/** The tables as a query in camel case names them; the columns are those of the database. */
function inCamelCase(policies: RLSSchema<any>): RLSSchema<any> {
  return defineRLSSchema<any>(Object.fromEntries(
    Object.entries(policies).map(([table, config]) => [
      table.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      config,
    ]),
  ));
}

/** Whether a statement reads from a raw fragment: it names no table, but who knows. */
function holdsRows(statement: Statement): boolean {
  return JSON.stringify(statement).includes('"s":"rows"');
}
