/** Row 44: the order of plugins, and an executor of an executor. */
import { createExecutor, type Plugin } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { bindCaller, SUBJECTS } from "../subjects.ts";

/** A query with many shapes in it. */
const rows = (db: Kysely<any>): Promise<unknown[]> =>
  db.with("x", (q) => q.selectFrom("users").selectAll())
    .selectFrom("tags")
    .leftJoin("users as u", "u.id", "tags.user_id")
    .leftJoin("x", "x.id", "u.boss_id")
    .select((eb) => [
      "tags.id",
      "u.name",
      "x.name as boss",
      eb.selectFrom("blog_posts").select((e) => e.fn.sum("likes").as("s")).as("likes"),
    ])
    .execute();

const camelRows = (db: Kysely<any>): Promise<unknown[]> =>
  db.selectFrom("blogPosts as p").rightJoin("users", "users.id", "p.userId")
    .select(["p.title", "users.bossId"]).execute();

/** How many values the plugins add to a query: a filter that is there twice adds twice as many. */
const added = (db: Kysely<any>): number =>
  db.selectFrom("users").select("name").where("id", ">", 0).compile().parameters.length - 1;

/** Plugins put in by themselves, in both orders, and the number of values they add. */
function orders(
  name: string,
  more: (plugin: Plugin, index: number) => Partial<Plugin>,
): BypassCase[] {
  return ([[0, 1], [1, 0]] as const).map(([first, second]) => ({
    name: `${name}: ${first === 0 ? "one, other" : "other, one"}`,
    subjects: ["both"],
    run: async ({ bare, make, guarded, dialect }) => {
      if (!guarded) return [...await rows(bare), 1];
      const plugins = SUBJECTS["both"].plugins(dialect).map((plugin, i) => ({
        ...plugin,
        ...more(plugin, i),
      }));
      const db = await make(bare, [plugins[first]!, plugins[second]!]);
      return [...await rows(db), added(db)];
    },
  }));
}

const twice = (name: string, make: (t: Probe) => Promise<Kysely<any>>): BypassCase => ({
  name,
  run: async (t) => {
    const db = t.guarded ? await make(t) : t.bare;
    return [...await rows(db), t.guarded ? added(db) - added(t.db) : 0];
  },
});

export const order: readonly BypassCase[] = [
  ...orders("in the order given", () => ({})),
  ...orders("by priority", (_plugin, i) => ({ priority: i })),
  ...orders(
    "by dependency",
    (plugin) => plugin.name === "tenant" ? { dependencies: [softDeletePlugin().name] } : {},
  ),
  twice("an executor of an executor, without plugins", ({ unbound, make }) => make(unbound, [])),
  twice(
    "an executor of an executor, the same plugins",
    ({ unbound, make, plugins }) => make(unbound, plugins()),
  ),
  twice("three executors deep", async ({ bare, make, plugins }) => {
    const one = await createExecutor(bare, plugins());
    return await make(await createExecutor(one, plugins()), plugins());
  }),
  twice(
    "an executor of a bound handle keeps its context",
    async ({ db }) => await createExecutor(db, []),
  ),
  {
    name: "an executor of an executor, one plugin each",
    subjects: ["both"],
    run: async ({ bare, make, guarded, dialect }) => {
      if (!guarded) return [...await rows(bare), 1];
      const [one, other] = SUBJECTS["both"].plugins(dialect);
      const db = await make(await createExecutor(bare, [one!]), [other!]);
      return [...await rows(db), added(db)];
    },
  },
  {
    name: "an executor of an executor with its plugins left out keeps the first one's",
    run: async ({ unbound, guarded }) =>
      rows(guarded ? bindCaller(await createExecutor(unbound, [], { enabled: false })) : unbound),
  },
  {
    name: "an executor made of a handle with a schema",
    run: async ({ bare, make, schema }) => rows(await make(bare.withSchema(schema))),
  },
  {
    name: "CamelCasePlugin in the database that the executor is made of",
    run: async ({ bare, make }) => camelRows(await make(bare.withPlugin(new CamelCasePlugin()))),
  },
  {
    name: "CamelCasePlugin put into the executor",
    run: ({ db }) => camelRows(db.withPlugin(new CamelCasePlugin())),
  },
  {
    name: "CamelCasePlugin, names written in snake case all the same",
    run: async ({ bare, make }) => rows(await make(bare.withPlugin(new CamelCasePlugin()))),
  },
  {
    name: "CamelCasePlugin below, an executor between, one above",
    run: async ({ bare, make, guarded, plugins }) => {
      const db = bare.withPlugin(new CamelCasePlugin());
      return camelRows(guarded ? await make(await createExecutor(db, plugins())) : db);
    },
  },
  {
    name: "CamelCasePlugin with upper-case names",
    lacks: {
      pglite: "names keep their letter case",
      postgres: "names keep their letter case",
      mysql: "names keep their letter case",
    },
    run: async ({ bare, make }) =>
      (await make(bare.withPlugin(new CamelCasePlugin({ upperCase: true }))))
        .selectFrom("blogPosts").select(["title", sql.ref("userId").as("u")]).execute(),
  },
];
