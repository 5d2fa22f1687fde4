import { auditPlugin } from "@kysera/audit";
import type { TransactionOptions } from "@kysera/dal";
import { BatchExpectationError, type BatchQuery } from "@kysera/executor";
import { withRetry } from "@kysera/infra";
import { createORM } from "@kysera/repository";
import { mergeRLSSchemas, rlsPlugin, withoutRLS } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import type { CompiledQuery, Kysely } from "kysely";
import { cartPolicies } from "../features/cart/policies.ts";
import { cataloguePolicies } from "../features/catalogue/policies.ts";
import { loyaltyPolicies } from "../features/loyalty/policies.ts";
import { orderPolicies } from "../features/orders/policies.ts";
import { outboxPolicies } from "../features/outbox/policies.ts";
import { paymentPolicies } from "../features/payments/policies.ts";
import { stockPolicies } from "../features/stock/policies.ts";
import { userPolicies } from "../features/users/policies.ts";
import { lazy } from "./lazy.ts";
import { relations } from "./relations.ts";
import type { Database } from "./schema.ts";

/** The id that stands for callers who are not signed in. No user has it: ids begin at 1. */
const ANONYMOUS = 0;

/** How often a transaction is tried, and for how long (ms). */
const RETRY = { attempts: 40, baseDelay: 5, maxDelay: 200, deadline: 10_000 };

/** How often a batch is tried that others were in the way of (ms). */
const BATCH_RETRY = { maxAttempts: 20, delayMs: 5, maxDelayMs: 200, deadlineMs: 10_000 };

/** What callers may do beside what every customer may. */
export type Role = "customer" | "clerk";

/** Who is asking. */
export interface Caller {
  readonly userId: number;
  readonly role: Role;
}

const SCHEMA = mergeRLSSchemas(
  userPolicies,
  cataloguePolicies,
  stockPolicies,
  cartPolicies,
  orderPolicies,
  paymentPolicies,
  outboxPolicies,
  loyaltyPolicies,
);

/** Creates the executor with its plugins, and the ORM on it. */
function createOrm(db: Kysely<Database>, { audit }: ShopOptions) {
  const always = [
    softDeletePlugin({ tables: ["products"] }),
    timestampsPlugin(),
    // A query of a table without policies is an error.
    rlsPlugin({ schema: SCHEMA, unlistedTables: "deny" }),
  ] as const;
  const log = auditPlugin({ tables: ["products"], createTable: false });
  return createORM(db, audit === false ? always : [...always, log]);
}

type Orm = Awaited<ReturnType<typeof createOrm>>;

// A configuration is one object for the whole program, so that all requests share prepared queries.
const USERS = { tableName: "users" } as const;
const PRODUCTS = { tableName: "products", relations } as const;
const STOCK = {
  tableName: "stock",
  primaryKey: "product_id",
  versionColumn: "version",
  relations,
} as const;
const MOVEMENTS = { tableName: "stock_movements" } as const;
const CART = {
  tableName: "cart_items",
  primaryKey: ["user_id", "product_id"],
  relations,
} as const;
const ORDERS = { tableName: "orders", relations } as const;
const PAYMENTS = { tableName: "payments" } as const;
const OUTBOX = { tableName: "outbox" } as const;
const ACCOUNTS = { tableName: "loyalty_accounts", primaryKey: "user_id" } as const;
const INBOX = { tableName: "loyalty_inbox", primaryKey: "order_id" } as const;

/** The repositories of one caller. */
function createStore(orm: Orm, userId: number) {
  const repositories = lazy({
    users: () => orm.createRepository(USERS),
    products: () => orm.createRepository(PRODUCTS),
    stock: () => orm.createRepository(STOCK),
    movements: () => orm.createRepository(MOVEMENTS),
    cart: () => orm.createRepository(CART),
    orders: () => orm.createRepository(ORDERS),
    payments: () => orm.createRepository(PAYMENTS),
    outbox: () => orm.createRepository(OUTBOX),
    accounts: () => orm.createRepository(ACCOUNTS),
    inbox: () => orm.createRepository(INBOX),
  });
  return Object.assign(repositories, { userId, executor: orm.executor });
}

/** A statement that happens together with others, under the key that errors name. */
export interface Statement {
  readonly key: string;
  /** Builds the statement, without running it. */
  build(db: Kysely<Database>): BatchQuery<unknown>;
  /** How many rows it must change: unless it does, nothing happens. */
  readonly rows?: number;
}

/** The repositories of one caller, on an executor that the caller is bound to. */
export interface Store extends ReturnType<typeof createStore> {
  /**
   * Runs statements that all happen, or none. Where others are in their way they run again, and after
   * a lost connection as well: one of them must be such that it cannot happen twice.
   *
   * @throws {BatchExpectationError} if a statement changed another number of rows than expected
   */
  all(statements: readonly Statement[]): Promise<void>;
  /**
   * Runs a function with the repositories in a transaction. Where others are in its way it runs again,
   * so it must do nothing but work on the database.
   */
  transaction<R>(
    run: (store: Store) => Promise<R>,
    options?: Pick<TransactionOptions, "isolationLevel">,
  ): Promise<R>;
}

/** The data of the shop. */
export interface Shop {
  /**
   * Returns the repositories for a caller.
   *
   * @param caller the user, or null for somebody who is not signed in
   */
  on(caller: Caller | null): Store;
  /**
   * Returns the repositories with which the shop sells to a caller: they may take from stock and place
   * orders, and of orders they still show the caller's alone.
   */
  till(caller: Caller): Store;
  /** The repositories without policies, for registration, login, the worker and the webhook. */
  readonly system: Store;
}

/** What a database may lack. */
export interface ShopOptions {
  /**
   * False to keep no audit log, which needs interactive transactions: D1 has none. Everything else is
   * batches.
   */
  readonly audit?: boolean;
}

/**
 * Puts the plugins on the database.
 *
 * @param db the migrated database
 */
export async function createShop(db: Kysely<Database>, options: ShopOptions = {}): Promise<Shop> {
  const orm = await createOrm(db, options);
  const on = (userId: number, roles: readonly string[]) =>
    storeOn(orm.on({ auth: { userId, roles } }), userId);
  return {
    on: (caller) => caller === null ? on(ANONYMOUS, []) : on(caller.userId, [caller.role]),
    till: ({ userId, role }) => on(userId, [role, "till"]),
    system: storeOn(orm.on(withoutRLS(orm.executor)), ANONYMOUS),
  };
}

function storeOn(orm: Orm, userId: number): Store {
  const own: Pick<Store, "all" | "transaction"> = {
    all: async (statements) => {
      if (orm.executor.isTransaction) return await oneByOne(orm.executor, statements);
      await withRetry(
        () =>
          orm.executor.batch((batch) =>
            Object.fromEntries(
              statements.map(({ key, build, rows }) => [
                key,
                batch.add(build, rows === undefined ? {} : { expect: { rows } }),
              ]),
            )
          ),
        BATCH_RETRY,
      );
    },
    transaction: (run, options = {}) =>
      orm.transaction((_context, inside) => run(storeOn(inside, userId)), {
        ...options,
        retry: RETRY,
      }),
  };
  return Object.assign(createStore(orm, userId), own);
}

/** In a transaction there is no need of a batch: what is thrown undoes the whole of it. */
async function oneByOne(db: Kysely<Database>, statements: readonly Statement[]): Promise<void> {
  for (const { key, build, rows } of statements) {
    const result = await db.executeQuery(build(db).compile() as CompiledQuery);
    if (rows !== undefined && result.numAffectedRows !== BigInt(rows)) {
      throw new BatchExpectationError(key, rows);
    }
  }
}
