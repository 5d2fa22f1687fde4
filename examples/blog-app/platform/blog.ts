import { auditPlugin } from "@kysera/audit";
import { createORM } from "@kysera/repository";
import { mergeRLSSchemas, rlsPlugin, withoutRLS } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import type { Kysely } from "kysely";
import { articlePolicies } from "../features/articles/policies.ts";
import { commentPolicies } from "../features/comments/policies.ts";
import { favoritePolicies } from "../features/favorites/policies.ts";
import { profilePolicies } from "../features/profiles/policies.ts";
import { tagPolicies } from "../features/tags/policies.ts";
import { userPolicies } from "../features/users/policies.ts";
import { relations } from "./relations.ts";
import type { Database } from "./schema.ts";

/** The id that stands for callers who are not signed in. No user has it: ids begin at 1. */
const ANONYMOUS = 0;

/** How often a transaction is tried, and for how long (ms). */
const RETRY = { attempts: 20, baseDelay: 5, maxDelay: 200, deadline: 5_000 };

/** Creates the executor with its plugins, and the ORM on it. */
function createOrm(db: Kysely<Database>) {
  return createORM(db, [
    softDeletePlugin({ tables: ["articles", "comments"] }),
    timestampsPlugin(),
    auditPlugin({
      tables: ["articles", "comments"],
      denyColumns: ["articles.search_text"],
      createTable: false,
    }),
    rlsPlugin({
      schema: mergeRLSSchemas(
        userPolicies,
        profilePolicies,
        articlePolicies,
        tagPolicies,
        favoritePolicies,
        commentPolicies,
      ),
      // A query of a table without policies is an error.
      unlistedTables: "deny",
    }),
  ]);
}

type Orm = Awaited<ReturnType<typeof createOrm>>;

// A configuration is one object for the whole program, so that all requests share prepared queries.
const USERS = { tableName: "users", relations } as const;
const FOLLOWS = { tableName: "follows", primaryKey: ["follower_id", "followed_id"] } as const;
const ARTICLES = { tableName: "articles", relations } as const;
const TAGS = {
  tableName: "article_tags",
  primaryKey: ["article_id", "tag"],
  relations,
} as const;
const FAVORITES = { tableName: "favorites", primaryKey: ["user_id", "article_id"] } as const;
const COMMENTS = { tableName: "comments", relations } as const;

/** The repositories of one caller. */
function createStore(orm: Orm, userId: number) {
  return {
    userId,
    executor: orm.executor,
    users: orm.createRepository(USERS),
    follows: orm.createRepository(FOLLOWS),
    articles: orm.createRepository(ARTICLES),
    tags: orm.createRepository(TAGS),
    favorites: orm.createRepository(FAVORITES),
    comments: orm.createRepository(COMMENTS),
  };
}

/** The repositories of one caller, on an executor that the caller is bound to. */
export interface Store extends ReturnType<typeof createStore> {
  /**
   * Runs a function with the repositories in a serializable transaction: what it reads stays true until
   * it has written. Where others are in its way it runs again, so it must do nothing but work on the
   * database.
   */
  transaction<R>(run: (store: Store) => Promise<R>): Promise<R>;
}

/** The data of the blog. */
export interface Blog {
  /**
   * Returns the repositories for a caller.
   *
   * @param userId the user, or null for somebody who is not signed in
   */
  on(userId: number | null): Store;
  /** The repositories without policies, for registration and login. */
  readonly system: Store;
}

/**
 * Puts the plugins on the database.
 *
 * @param db the migrated database
 */
export async function createBlog(db: Kysely<Database>): Promise<Blog> {
  const orm = await createOrm(db);
  return {
    on: (userId) => {
      const id = userId ?? ANONYMOUS;
      return storeOn(orm.on({ auth: { userId: id, roles: [] } }), id);
    },
    system: storeOn(orm.on(withoutRLS(orm.executor)), ANONYMOUS),
  };
}

function storeOn(orm: Orm, userId: number): Store {
  return {
    ...createStore(orm, userId),
    transaction: (run) =>
      orm.transaction((_context, inside) => run(storeOn(inside, userId)), {
        isolationLevel: "serializable",
        retry: RETRY,
      }),
  };
}
