import { auditPlugin, createAuditTable } from "@kysera/audit";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import type { Kysely } from "kysely";
import { filteredNames, tables } from "../oracle/schema.ts";
import { compiling } from "../oracle/subjects.ts";
import type { Pair } from "./oracle_pair.ts";
import { caller, camelCase, tenantColumn } from "./oracle_shapes.ts";

const now = new Date(Date.UTC(2030, 0, 31, 12));
/** Those whose rows have a key that an audit can name them by. */
const keyed = tables.filter((table) => table.keyed).map((table) => table.name);

/** The plugins, in the order in which they stand by themselves. */
function plugins(): Plugin[] {
  return [
    rlsPlugin({ schema: tenantColumn.policies }),
    softDeletePlugin({ tables: filteredNames }),
    timestampsPlugin({ tables: filteredNames, getTimestamp: () => now, dateFormat: "unix" }),
    auditPlugin({ tables: keyed, primaryKeyColumn: "id", getTimestamp: () => now }),
  ];
}

async function bound(db: Kysely<any>, list: readonly Plugin[]): Promise<Kysely<any>> {
  return bindContext(await createExecutor(db, list, { rawSql: "allow" }), { ...caller });
}

/** The plugins in another order: what runs first has the highest priority. */
function inOrder(order: readonly number[]): Plugin[] {
  const all = plugins();
  return order.map((i, place) => ({ ...all[i]!, priority: -place }));
}

/** Every order but the first. */
function otherOrders(): number[][] {
  const permutations = (list: readonly number[]): number[][] =>
    list.length === 0
      ? [[]]
      : list.flatMap((each) =>
        permutations(list.filter((other) => other !== each)).map((rest) => [each, ...rest])
      );
  return permutations([0, 1, 2, 3]).slice(1);
}

function pair(name: string, make: (db: Kysely<any>) => Promise<Kysely<any>>): Pair {
  return {
    name,
    sides: [
      { name: "in their own order", make: (db) => bound(db, plugins()) },
      { name, make },
    ],
    dataOf: (data) => [data, data],
    mayDiffer: () => false,
    async prepare(db) {
      for (const table of filteredNames) {
        for (const column of ["created_at", "updated_at"]) {
          await db.schema.alterTable(table).addColumn(column, "integer").execute();
        }
      }
      await createAuditTable(db);
    },
    async extra(db) {
      const entries = await db.selectFrom("audit_logs").selectAll().execute();
      return entries.map(({ id: _, ...entry }) => entry);
    },
    reset: async (db) => {
      await db.deleteFrom("audit_logs").execute();
    },
  };
}

/** The four plugins, and the same four in another order, in other layers, or under other names. */
export const pairs: readonly Pair[] = [
  pair("an executor of an executor", async (db) => {
    const [rls, softDelete, timestamps, audit] = plugins() as [Plugin, Plugin, Plugin, Plugin];
    const inner = await createExecutor(db, [timestamps, audit], { rawSql: "allow" });
    return await bound(inner, [rls, softDelete]);
  }),
  pair("each given twice", async (db) => {
    const all = plugins();
    return await bound(await createExecutor(db, all, { rawSql: "allow" }), all);
  }),
  pair(
    "beside hooks that compile queries",
    (db) => bound(db, [compiling(false), ...plugins()]),
  ),
  pair(
    "beside stable hooks that compile queries",
    (db) => bound(db, [...plugins(), compiling(true)]),
  ),
  {
    ...pair("in camel case below", (db) => bound(db.withPlugin(camelCase), plugins())),
    camelCase: true,
    sides: [
      {
        name: "in camel case above",
        make: async (db) => (await bound(db, plugins())).withPlugin(camelCase),
      },
      { name: "in camel case below", make: (db) => bound(db.withPlugin(camelCase), plugins()) },
    ],
  },
  ...otherOrders().map((order) =>
    pair(`in the order ${order.join(", ")}`, (db) => bound(db, inOrder(order)))
  ),
];
