/**
 * Random tenants write, move, delete and use keys again: what each is told of the log, against a model
 * that keeps who could see each image.
 */
import { asOf, auditPlugin, getAuditLogs } from "@kysera/audit";
import { bindContext, createExecutor } from "@kysera/executor";
import { allow, defineRLSSchema, deny, filter, rlsPlugin, withoutRLS } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";

const RUNS = { sqlite: 20, pglite: 3, postgres: 4, mysql: 4 };
const STEPS = 40;
const TENANTS = [1, 2, 3];

interface Row {
  readonly a: number;
  readonly b: string;
  readonly tenant: number | null;
  readonly shared: number;
  readonly secret: string | null;
}

interface Entry {
  readonly operation: string;
  readonly old: Row | null;
  readonly now: Row | null;
}

/** A world of its own policies: the same in SQL and in the model. */
interface Shape {
  readonly name: string;
  readonly policies: () => any[];
  readonly sees: (row: Row, tenant: number) => boolean;
}

const shapes: readonly Shape[] = [
  {
    name: "a filter",
    policies: () => [filter("all", (c: any) => ({ tenant: c.auth.tenantId }))],
    sees: (row, tenant) => row.tenant === tenant,
  },
  {
    name: "allow and deny",
    policies: () => [
      allow("all", (c: any) => ({ tenant: c.auth.tenantId })),
      allow("read", { shared: 1 }),
      deny("read", { secret: null }),
      deny("read", { secret: "no" }),
    ],
    // What compares with null is not true, and a denial that is not known denies.
    sees: (row, tenant) =>
      (row.tenant === tenant || row.shared === 1) && row.secret !== null && row.secret !== "no",
  },
  {
    name: "SQL with a subquery",
    policies: () => [
      filter(
        "read",
        (c: any, { eb, column }: any) =>
          eb(
            column("b"),
            "in",
            (x: any) => x.selectFrom("members").select("b").where("tenant", "=", c.auth.tenantId),
          ),
      ),
      allow("all", true),
    ],
    sees: (row, tenant) => MEMBERS.some(([b, of]) => b === row.b && of === tenant),
  },
];

const MEMBERS: readonly (readonly [string, number])[] = [["x", 1], ["y", 1], ["y", 2], ["z", 3]];

onEveryDialect("what random tenants are told of the log", (dialect) => {
  for (const shape of shapes) {
    it(`is what they could see: ${shape.name}`, async () => {
      const { seed } = fuzzSeed();
      for (let run = 0; run < fuzzRuns(RUNS[dialect.name], STEPS); run++) {
        await check(dialect, shape, seed + run).catch((error) => {
          throw new Error(`seed ${seed + run}: ${error.message}`, { cause: error });
        });
      }
    });
  }
});

async function check(dialect: TestDialect, shape: Shape, seed: number): Promise<void> {
  const random = generator(seed);
  const int = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)]!;
  const composite = int(2) === 0;
  const key = composite ? ["a", "b"] : ["a"];
  const masks = int(2) === 0;
  const { db, close } = await dialect.open();
  try {
    await db.schema.createTable("t")
      .addColumn("a", "integer", (c) => c.notNull())
      .addColumn("b", "varchar(10)", (c) => c.notNull())
      .addColumn("tenant", "integer")
      .addColumn("shared", "integer")
      .addColumn("secret", "varchar(10)")
      .addPrimaryKeyConstraint("t_key", key as never)
      .execute();
    await db.schema.createTable("members").addColumn("b", "varchar(10)")
      .addColumn("tenant", "integer").execute();
    await db.insertInto("members").values(MEMBERS.map(([b, tenant]) => ({ b, tenant }))).execute();
    const schema = defineRLSSchema<any>({
      t: {
        policies: shape.policies(),
        ...masks
          ? {
            columns: {
              secret: { read: (c: any) => ({ tenant: c.auth.tenantId }), mask: "masked" },
            },
          }
          : {},
      },
    });
    let clock = 0;
    const executor: Kysely<any> = await createExecutor(db, [
      rlsPlugin({ schema, unlistedTables: pick(["allow", "deny"]), skipTables: ["members"] }),
      auditPlugin({
        hashChain: int(4) === 0,
        getTimestamp: () => String(clock).padStart(6, "0"),
      }),
    ]);
    const all = withoutRLS(executor);
    let rows = new Map<string, Row>();
    const log: Entry[] = [];
    const past: Map<string, Row>[] = [];
    const nameOf = (row: Pick<Row, "a" | "b">): string =>
      composite ? `${row.a} ${row.b}` : `${row.a}`;
    const draw = (): Row => ({
      a: int(4),
      b: pick(["x", "y", "z"]),
      tenant: pick([...TENANTS, null]),
      shared: int(2),
      secret: pick(["s", "no", null]),
    });
    const at = (q: any, row: Row): any =>
      key.reduce((query, column) => query.where(column, "=", row[column as "a"]), q);

    for (clock = 0; clock < STEPS; clock++) {
      past.push(new Map(rows));
      const fresh = draw();
      const existing = rows.size === 0 ? undefined : pick([...rows.values()]);
      const undone = int(6) === 0;
      const [before, told] = [new Map(rows), log.length];
      const work = async (handle: Kysely<any>): Promise<void> => {
        const step = int(6);
        if (step <= 1 || existing === undefined) {
          const met = rows.get(nameOf(fresh));
          if (met !== undefined) return;
          await handle.insertInto("t").values(fresh).execute();
          rows.set(nameOf(fresh), fresh);
          log.push({ operation: "INSERT", old: null, now: fresh });
        } else if (step === 2) {
          await at(handle.deleteFrom("t"), existing).execute();
          rows.delete(nameOf(existing));
          log.push({ operation: "DELETE", old: existing, now: null });
        } else if (step === 3) {
          // Of one tenant to another.
          const now = { ...existing, tenant: fresh.tenant, shared: fresh.shared };
          if (isSame(existing, now)) return;
          await at(
            handle.updateTable("t").set({ tenant: now.tenant, shared: now.shared }),
            existing,
          )
            .execute();
          rows.set(nameOf(existing), now);
          log.push({ operation: "UPDATE", old: existing, now });
        } else if (step === 4) {
          const now = { ...existing, secret: fresh.secret };
          if (isSame(existing, now)) return;
          await at(handle.updateTable("t").set({ secret: now.secret }), existing).execute();
          rows.set(nameOf(existing), now);
          log.push({ operation: "UPDATE", old: existing, now });
        } else {
          const met = rows.get(nameOf(fresh));
          const set = { tenant: fresh.tenant, secret: fresh.secret };
          // Of an upsert that changes nothing MariaDB tells nothing.
          if (met !== undefined && isSame(met, { ...met, ...set })) return;
          const insert: any = handle.insertInto("t").values(fresh);
          await (dialect.dialect === "mysql"
            ? insert.onDuplicateKeyUpdate(set)
            : insert.onConflict((oc: any) => oc.columns(key).doUpdateSet(set))).execute();
          const now = met === undefined ? fresh : { ...met, ...set };
          rows.set(nameOf(fresh), now);
          log.push({ operation: met === undefined ? "INSERT" : "UPDATE", old: met ?? null, now });
        }
      };
      if (undone) {
        const failed = await all.transaction().execute(async (trx) => {
          await work(trx);
          throw new Error("undone");
        }).catch((error) => error);
        assert.equal(failed.message, "undone");
        rows = before;
        log.length = told;
      } else {
        await work(all);
      }
    }
    past.push(new Map(rows));

    for (const tenant of TENANTS) {
      const caller = bindContext(executor, {
        auth: { userId: tenant, roles: [], tenantId: tenant },
      });
      const shown = (row: Row | null): Row | null =>
        row === null || !shape.sees(row, tenant)
          ? null
          : masks && row.tenant !== tenant
          ? { ...row, secret: "masked" }
          : row;
      const expected = log.map(({ operation, old, now }) => {
        const [o, n] = [shown(old), shown(now)];
        const redacted = [
          ...old !== null && o === null ? ["old_values"] : [],
          ...now !== null && n === null ? ["new_values"] : [],
        ];
        return { operation, o, n, redacted };
      }).filter(({ o, n }) => o !== null || n !== null);
      const flat = (entries: readonly any[]): unknown[] =>
        entries.map(({ operation, old_values: o, new_values: n, redacted = [] }) => ({
          operation,
          o,
          n,
          redacted,
        }));
      assert.deepEqual(flat((await getAuditLogs(caller, { table: "t" })).reverse()), expected);
      assert.deepEqual(flat((await getAuditLogs(caller)).reverse()), expected);
      const [offset, limit] = [int(5), 1 + int(8)];
      assert.deepEqual(
        flat(await getAuditLogs(caller, { table: "t", offset, limit })),
        [...expected].reverse().slice(offset, offset + limit),
      );
      for (let i = 0; i < 4; i++) {
        const row = draw();
        const of = composite ? { a: row.a, b: row.b } : row.a;
        const mine = expected.filter(({ o, n }) => nameOf((n ?? o)!) === nameOf(row));
        const entries = await getAuditLogs(caller, { table: "t", key: of });
        assert.deepEqual(flat(entries.reverse()), mine);
        const time = int(STEPS);
        const then = past[time + 1]!.get(nameOf(row)) ?? null;
        // A row that was moved to the caller, or from him, unseen by the log's entries is as it is.
        assert.deepEqual(
          await asOf(caller, "t", of, String(time).padStart(6, "0")),
          shown(then),
          `as of ${time}: ${nameOf(row)}`,
        );
      }
    }
    // Nobody is told more than there is.
    assert.equal((await getAuditLogs(all)).length, log.length);
    await sql`select 1`.execute(db);
  } finally {
    await close();
  }
}

function isSame(a: Row, b: Row): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
