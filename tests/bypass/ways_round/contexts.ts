/** Rows 40, 41 and 43: contexts, and policies that read policed tables. */
import { bindContext, getContext, type Plugin } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { OTHER_TENANT, TENANT } from "../data.ts";

const read = (db: Kysely<any>) => db.selectFrom("users").select("name").execute();

/** Binds a context, where there are plugins to look at it. */
function bound(name: string, context: () => any, more: Partial<BypassCase> = {}): BypassCase {
  return {
    name,
    subjects: ["tenant", "both", "policies"],
    run: ({ unbound, guarded }) => read(guarded ? bindContext(unbound, context()) : unbound),
    ...more,
  };
}

/** A tenant that is none: the plugin's filter throws, and so no query runs. */
const useless: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "NaN": NaN,
  "an empty string": "",
  "a string": "1 or 1 = 1",
  "a list": [1, 2],
  "an object": { $ne: 1 },
};

export const missing: readonly BypassCase[] = [
  {
    name: "no context",
    subjects: ["tenant", "both", "policies"],
    run: ({ unbound }) => read(unbound),
  },
  {
    name: "no context, in a subquery",
    subjects: ["tenant", "both", "policies"],
    run: ({ unbound }) =>
      unbound.selectFrom("tags").select("id").where((eb) =>
        eb.exists(
          eb.selectFrom("users").select("users.id").whereRef("users.id", "=", "tags.user_id"),
        )
      ).execute(),
  },
  {
    name: "no context, a write",
    subjects: ["tenant", "both", "policies"],
    writes: true,
    run: ({ unbound }) => unbound.deleteFrom("users").execute(),
  },
  {
    name: "no context, in a transaction",
    subjects: ["tenant", "both", "policies"],
    run: ({ unbound }) => unbound.transaction().execute(read),
  },
  bound("an empty context", () => ({})),
  ...Object.entries(useless).map(([name, tenant]) =>
    bound(`tenant is ${name}`, () => ({ tenant }))
  ),
  ...[undefined, null, NaN, "", [1, 2], { $ne: 1 }].map((tenantId) =>
    bound(
      `the caller's tenant is ${JSON.stringify(tenantId) ?? "undefined"}${
        Number.isNaN(tenantId) ? ", of NaN" : ""
      }`,
      () => ({ auth: { userId: 1, roles: [], tenantId } }),
      { subjects: ["policies"] },
    )
  ),
  bound("tenant by inheritance", () => Object.create({ tenant: OTHER_TENANT })),
  bound("context is undefined", () => undefined),
  bound("context is null", () => null),
  bound("context is a string", () => "tenant"),
  bound("context is a list", () => [OTHER_TENANT]),
];

/** The context's object is changed after the handle was made. */
function changed(name: string, make: () => any, change: (context: any) => void): BypassCase {
  return {
    name,
    subjects: ["tenant", "both"],
    run: async ({ unbound, guarded }) => {
      if (!guarded) return await read(unbound);
      const context = make();
      const db = bindContext(unbound, context);
      const query = db.selectFrom("users").select("name");
      change(context);
      return [...await query.execute(), ...await read(db)].slice(0, 3);
    },
  };
}

export const mutated: readonly BypassCase[] = [
  changed("the tenant is another", () => ({ tenant: TENANT }), (context) => {
    context.tenant = OTHER_TENANT;
  }),
  {
    ...changed(
      "the caller's tenant is another",
      () => ({ auth: { userId: TENANT, roles: ["reader"], tenantId: TENANT } }),
      (context) => {
        context.auth.tenantId = OTHER_TENANT;
        context.auth.isSystem = true;
      },
    ),
    subjects: ["policies"],
  },
  changed("the tenant is taken away", () => ({ tenant: TENANT }), (context) => {
    delete context.tenant;
  }),
  changed("a getter that answers otherwise later", () => {
    let asked = 0;
    return {
      get tenant() {
        return asked++ === 0 ? TENANT : OTHER_TENANT;
      },
    };
  }, () => {}),
  changed("the prototype is another", () => ({ tenant: TENANT }), (context) => {
    Object.setPrototypeOf(context, { tenant: OTHER_TENANT });
  }),
  {
    name: "by what getContext() gives",
    subjects: ["tenant", "both"],
    run: ({ db, guarded }) => {
      if (guarded) {
        try {
          (getContext(db) as any).tenant = OTHER_TENANT;
        } catch {
          // Frozen: so it should be.
        }
      }
      return read(db);
    },
  },
  {
    name: "nested lists, sets, maps and dates",
    subjects: ["tenant"],
    harmless: true,
    must: ["ok"],
    run: ({ unbound, guarded }) => {
      const context = {
        tenant: TENANT,
        roles: ["reader"],
        set: new Set(["a"]),
        map: new Map([["a", { b: 1 }]]),
        at: new Date(0),
        deep: { list: [{ x: 1 }] },
      };
      const db = guarded ? bindContext(unbound, context) : undefined;
      const before = JSON.stringify([
        context.roles,
        [...context.set],
        [...context.map],
        context.deep,
      ]);
      if (db === undefined) return Promise.resolve([before, 0]);
      context.roles.push("admin");
      context.set.add("b");
      context.map.get("a")!.b = 2;
      context.at.setTime(9);
      context.deep.list[0]!.x = 2;
      const kept = getContext(db) as unknown as typeof context;
      return Promise.resolve([
        JSON.stringify([kept.roles, [...kept.set], [...kept.map], kept.deep]),
        kept.at.getTime(),
      ]);
    },
  },
];

/** A policy over posts that reads users, which are policed themselves. */
const postsOfVisibleUsers = (): Plugin => ({
  name: "posts-of-visible-users",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "blog_posts",
  filter: (post, { eb }) =>
    eb.exists(
      eb.selectFrom("users").select("users.id")
        .where(eb(eb.ref("users.id"), "=", post.column("user_id"))),
    ),
});

/** A policy that reads the table it is about. */
const usersWithPeers = (): Plugin => ({
  name: "users-with-peers",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "users",
  filter: (user, { eb }) =>
    eb.exists(
      eb.selectFrom("users as peer").select("peer.id")
        .where(eb(eb.ref("peer.tenant_id"), "=", user.column("tenant_id"))),
    ),
});

/** A policy whose subquery, under another name, compares with the row it is about. */
const usersKnownByGrants = (alias: string): Plugin => ({
  name: "users-known-by-grants",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "users",
  filter: (user, { eb }) =>
    eb.exists(
      eb.selectFrom(`tags as ${alias}`).select(`${alias}.id`)
        .where(`${alias}.user_id`, "<", 3)
        .where(eb(eb.ref(`${alias}.user_id`), "=", user.column("id"))),
    ),
});

/** Two policies that read each other's table. */
const circular = (): Plugin => ({
  name: "circular",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "users" || name === "blog_posts",
  filter: (ref, { eb }) =>
    ref.table === "users"
      ? eb.exists(
        eb.selectFrom("blog_posts as p").select("p.id")
          .where(eb(eb.ref("p.user_id"), "=", ref.column("id"))),
      )
      : eb.exists(
        eb.selectFrom("users as u").select("u.id")
          .where(eb(eb.ref("u.id"), "=", ref.column("user_id"))),
      ),
});

const withPolicy =
  (make: () => Plugin, run: (db: Kysely<any>) => Promise<unknown>) =>
  async (t: Probe): Promise<unknown> => run(await t.make(t.bare, [...t.plugins(), make()]));

export const policies: readonly BypassCase[] = [
  {
    name: "a policy that reads another policed table",
    run: withPolicy(
      postsOfVisibleUsers,
      (db) => db.selectFrom("blog_posts").select("title").execute(),
    ),
    truth: ({ db, visible }) =>
      db.selectFrom("blog_posts as p").innerJoin("users as u", "u.id", "p.user_id").select(
        "p.title",
      )
        .where((eb) => eb.and([visible(eb, "blog_posts", "p"), visible(eb, "users", "u")]))
        .execute(),
  },
  {
    name: "in a right join",
    run: withPolicy(
      postsOfVisibleUsers,
      (db) =>
        db.selectFrom("tags").rightJoin("blog_posts", "blog_posts.id", "tags.id")
          .select(["tags.id", "blog_posts.title"]).execute(),
    ),
    truth: ({ db, visible }) =>
      db.selectFrom("blog_posts as p").innerJoin("users as u", "u.id", "p.user_id")
        .leftJoin("tags", "tags.id", "p.id").select(["tags.id", "p.title"])
        .where((eb) => eb.and([visible(eb, "blog_posts", "p"), visible(eb, "users", "u")]))
        .execute(),
  },
  {
    name: "a query that hides the table the policy reads by a CTE",
    must: ["R", "F"],
    run: withPolicy(
      postsOfVisibleUsers,
      (db) =>
        db.with("users", (q) => q.selectFrom("tags").select("user_id as id"))
          .selectFrom("blog_posts").select("title").execute(),
    ),
    truth: ({ db }) => db.selectFrom("users").select("name").where("id", "=", 99).execute(),
  },
  {
    name: "a query that uses the policy's own alias",
    must: ["R", "F"],
    run: withPolicy(
      postsOfVisibleUsers,
      (db) => db.selectFrom("blog_posts as users").select("users.title").execute(),
    ),
    truth: ({ db, visible }) =>
      db.selectFrom("blog_posts as p").innerJoin("users as u", "u.id", "p.user_id").select(
        "p.title",
      )
        .where((eb) => eb.and([visible(eb, "blog_posts", "p"), visible(eb, "users", "u")]))
        .execute(),
  },
  ...(["grants", "users", "peer"] as const).map((alias): BypassCase => ({
    name: `a query that uses a name that a policy's subquery has: ${alias}`,
    must: ["R", "F"],
    run: withPolicy(
      () => usersKnownByGrants("peer"),
      (db) => db.selectFrom(`users as ${alias}`).select(`${alias}.name`).execute(),
    ),
    truth: ({ db, visible }) =>
      db.selectFrom("users as u").select("u.name").where((eb) => visible(eb, "users", "u"))
        .where("u.id", "<", 3).execute(),
  })),
  {
    name: "a policy that may be kept, reading a table whose policy may not",
    run: async ({ bare, make }) => {
      const request = { tenant: OTHER_TENANT };
      const ofRequest: Plugin = {
        name: "of-request",
        version: "1.0.0",
        appliesTo: ({ name }) => name === "users",
        filter: (user, { eb }) => eb(user.column("tenant_id"), "=", request.tenant),
      };
      const db = await make(bare, [ofRequest, { ...postsOfVisibleUsers(), stable: true }]);
      await db.selectFrom("blog_posts").select("title").execute();
      request.tenant = TENANT;
      return await db.selectFrom("blog_posts").select("title").execute();
    },
    truth: ({ db }) =>
      db.selectFrom("blog_posts as p").innerJoin("users as u", "u.id", "p.user_id")
        .select("p.title").where("u.tenant_id", "=", TENANT).execute(),
  },
  {
    name: "a policy that reads its own table",
    must: ["R"],
    run: withPolicy(usersWithPeers, read),
  },
  {
    name: "two policies that read each other's table",
    must: ["R"],
    run: withPolicy(circular, read),
  },
];
