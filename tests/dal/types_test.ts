/** What the compiler makes of the functional DAL: nothing below runs, `deno check` is the test. */
import {
  chain,
  compose,
  conditional,
  createContext,
  createQuery,
  type DbContext,
  type InferArgs,
  type InferDB,
  type InferResult,
  mapResult,
  parallel,
  type Params,
  prepareQuery,
  withTransaction,
} from "@kysera/dal";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";

interface Database {
  users: { id: number; name: string };
}
interface User {
  id: number;
  name: string;
}

const getUser = createQuery((ctx: DbContext<Database>, id: number) =>
  ctx.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow()
);
const getOwnUser = createQuery((ctx: DbContext<Database> & { tenant: string }, id: number) =>
  ctx.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst()
);
const untyped = createQuery((ctx, id: number) =>
  ctx.db.selectFrom("users").where("id", "=", id).executeTakeFirst()
);

export async function typesHold(
  db: Kysely<Database>,
  other: Kysely<{ cats: { id: number } }>,
): Promise<void> {
  const ctx = createContext(db);
  const own = createContext(db, { tenant: "a" });

  (await getUser(db, 1)) satisfies User;
  (await getUser(own, 1)) satisfies User;
  // @ts-expect-error an argument of another type
  await getUser(ctx, "1");
  // @ts-expect-error a Kysely of another database
  await getUser(other, 1);
  // @ts-expect-error the query wants a tenant
  await getOwnUser(ctx, 1);
  // @ts-expect-error a Kysely has no tenant
  await getOwnUser(db, 1);
  (await getOwnUser(own, 1)) satisfies User | undefined;
  await untyped(other, 1);

  (await compose(untyped, (_ctx, user) => user.id as number)(db, 1)) satisfies number;
  (await compose(getOwnUser, (c, user) => c.tenant + user?.name)(own, 1)) satisfies string;
  (await chain(getUser, (_ctx, user) => user.id, (_ctx, id) => `${id}`)(db, 1)) satisfies string;
  (await mapResult(getUser, (user) => user.name)(db, 1)) satisfies string;
  (await conditional((_ctx, id) => id > 0, getUser, null)(db, 1)) satisfies User | null;

  const both = parallel({ own: getOwnUser, any: getUser });
  const { own: mine, any } = await both(own, 1);
  mine satisfies User | undefined;
  any satisfies User;
  // @ts-expect-error one of the queries wants a tenant
  await both(ctx, 1);

  const tenant = await withTransaction(own, async (tx) => {
    tx.db.isTransaction satisfies true;
    await withTransaction(tx, (nested) => getOwnUser(nested, 2));
    return tx.tenant;
  });
  tenant satisfies string;
  (await withTransaction(db, (tx) => getUser(tx, 1))) satisfies User;
  // @ts-expect-error there is no such option
  await withTransaction(db, (tx) => getUser(tx, 1), { isolation: "serializable" });

  const byIds = prepareQuery(
    db,
    (db, params: Params<{ ids: number[]; name: string }>) =>
      db.selectFrom("users").select("id").where("id", "in", params.ids)
        .where("name", "=", params.name),
  );
  (await byIds.execute({ ids: [1], name: "a" })) satisfies { id: number }[];
  // @ts-expect-error a list of text where numbers are wanted
  await byIds.execute({ ids: ["1"], name: "a" });
  // @ts-expect-error a parameter is missing
  await byIds.execute({ ids: [1] });
  prepareQuery(db, (db, params: Params<{ id: string }>) =>
    // @ts-expect-error a parameter of another type than the column
    db.selectFrom("users").select("id").where("id", "=", params.id));
}

[1] satisfies InferArgs<typeof getUser>;
({ id: 1, name: "a" }) satisfies InferResult<typeof getUser>;
({ id: 1, name: "a" }) satisfies InferDB<typeof getUser>["users"];

it("createQuery() keeps the types of context, arguments and result", () => {
  assert.equal(typeof typesHold, "function");
});
