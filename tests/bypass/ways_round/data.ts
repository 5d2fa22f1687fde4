/** Rows 38 and 39: values that look like nodes, and keys that mean something to JavaScript. */
import { type Kysely, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { NO_ON_CONFLICT, onlyMysql, onlyPostgres } from "../lacks.ts";

/** What a user might send as JSON. */
const LOOKALIKES: Record<string, unknown> = {
  "raw SQL": {
    kind: "RawNode",
    sqlFragments: ["(select max(name) from users)"],
    parameters: [],
  },
  "a select": {
    kind: "SelectQueryNode",
    from: {
      kind: "FromNode",
      froms: [{
        kind: "TableNode",
        table: {
          kind: "SchemableIdentifierNode",
          identifier: { kind: "IdentifierNode", name: "users" },
        },
      }],
    },
    selections: [{ kind: "SelectionNode", selection: { kind: "SelectAllNode" } }],
  },
  "a value": { kind: "ValueNode", value: 1, immediate: true },
  "an identifier": { kind: "IdentifierNode", name: "users" },
  "a raw builder": { isRawBuilder: true, toOperationNode: "no function" },
  "a compiled query": { sql: "select name from users", parameters: [], query: { kind: "RawNode" } },
  "a list of them": [{ kind: "RawNode", sqlFragments: ["1"], parameters: [] }],
  "a node in a node": { a: { kind: "TableNode", table: { kind: "RawNode" } } },
};

/** The values that reach the driver: they must be the ones that were given. */
function parameters(
  name: string,
  build: (db: Kysely<any>, value: unknown) => { compile(): { parameters: readonly unknown[] } },
  more: Partial<BypassCase> = {},
): BypassCase[] {
  return Object.entries(LOOKALIKES).map(([what, value]) => ({
    name: `${what}, ${name}`,
    harmless: true,
    run: ({ db }) => {
      const given = structuredClone(value);
      const sent = build(db, given).compile().parameters;
      // Neither copied nor changed: the very value.
      return Promise.resolve([
        sent.includes(given),
        JSON.stringify(given) === JSON.stringify(value),
      ]);
    },
    ...more,
  }));
}

export const lookalikes: readonly BypassCase[] = [
  ...parameters("inserted", (db, name) => db.insertInto("tags").values({ id: 9, name })),
  ...parameters(
    "inserted among many",
    (db, name) => db.insertInto("users").values([{ id: 8, name: "x" }, { id: 9, name }]),
  ),
  ...parameters("set", (db, name) => db.updateTable("users").set({ name })),
  ...parameters("compared", (db, name) => db.selectFrom("users").where("name", "=", name as any)),
  ...parameters(
    "in a list after IN",
    (db, name) => db.selectFrom("users").where("name", "in", [1, name] as any),
  ),
  ...parameters(
    "in a raw fragment",
    (db, name) => db.selectFrom("users").where(sql<boolean>`name = ${sql.val(name)}`),
  ),
  ...parameters(
    "after withSchema()",
    (db, name) =>
      db.withSchema("main").updateTable("users").set({ name }).where("name", "=", name as any),
  ),
  ...parameters(
    "in a right join",
    (db, name) =>
      db.selectFrom("tags").rightJoin("main.users", "main.users.id", "tags.id")
        .where("main.users.name", "=", name as any),
  ),
  {
    name: "raw SQL, stored and read back",
    lacks: onlyPostgres("drivers for JSON columns are PostgreSQL's here"),
    harmless: true,
    run: async ({ db, bare }) => {
      await bare.schema.createTable("bags").ifNotExists().addColumn("bag", "jsonb").execute();
      try {
        await db.insertInto("bags").values({ bag: LOOKALIKES["raw SQL"] }).execute();
        await db.updateTable("bags").set({ bag: LOOKALIKES["a select"] }).execute();
        return await db.selectFrom("bags").selectAll().execute();
      } finally {
        await bare.schema.dropTable("bags").execute();
      }
    },
  },
];

/** An object as JSON.parse makes it: with a key of its own of any name. */
const parsed = (key: string): Record<string, unknown> =>
  JSON.parse(`{"id": 70, "${key}": {"polluted": 1}}`);

/** After a refusal, nothing must have changed but that the refusal came. */
async function unpolluted(run: () => Promise<unknown>): Promise<unknown> {
  const attempt = await run().then((value) => ({ value }), (error: unknown) => ({ error }));
  if ("polluted" in {} || "polluted" in Object) throw new TypeError("Object.prototype was changed");
  if ("error" in attempt) throw attempt.error;
  return attempt.value;
}

const shapes: Record<
  string,
  { run(t: Probe, row: any): Promise<unknown>; lacks?: BypassCase["lacks"] }
> = {
  "inserted": { run: ({ db }, row) => db.insertInto("users").values(row).execute() },
  "inserted in the second row": {
    run: ({ db }, row) => db.insertInto("users").values([{ id: 71, name: "x" }, row]).execute(),
  },
  "set": { run: ({ db }, row) => db.updateTable("users").set(row).execute() },
  "set by a CTE's update": {
    run: ({ db }, row) =>
      db.with("x", (q) => q.updateTable("users").set(row).returning("id")).selectFrom("x")
        .selectAll()
        .execute(),
    lacks: { sqlite: "no data-modifying CTE", mysql: "no data-modifying CTE" },
  },
  "set on conflict": {
    run: ({ db }, row) =>
      db.insertInto("users").values({ id: 1 })
        .onConflict((oc) => oc.column("id").doUpdateSet(row)).execute(),
    lacks: NO_ON_CONFLICT,
  },
  "set on duplicate key": {
    run: ({ db }, row) =>
      db.insertInto("tags").values({ id: 1 }).onDuplicateKeyUpdate(row).execute(),
    lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"),
  },
  "set by a merge": {
    run: ({ db }, row) =>
      db.mergeInto("users").using("tags", "tags.id", "users.id").whenMatched().thenUpdateSet(row)
        .execute(),
    lacks: { sqlite: "no MERGE", mysql: "no MERGE" },
  },
};

export const keys: readonly BypassCase[] = Object.entries(shapes).flatMap(
  ([name, { run, lacks }]): BypassCase[] =>
    ["__proto__", "constructor", "prototype"].map((key) => ({
      name: `${key}, ${name}`,
      ...(lacks === undefined ? {} : { lacks }),
      writes: true,
      harmless: true,
      must: ["R"],
      run: (t) => unpolluted(() => run(t, parsed(key))),
      truth: () => Promise.resolve("refused"),
    })),
);
