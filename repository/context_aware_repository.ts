import { BadRequestError, type Selectable } from "@kysera/core";
import type { AnyKysely } from "@kysera/executor";
import type { Kysely } from "kysely";
import { createRepository } from "./create_repository.ts";
import type { TableName } from "./types.ts";
import type { Where } from "./where.ts";

/**
 * A repository as a class, for those who write their own: it holds an executor, and can be had on
 * another one. The plugins of whichever executor apply.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { ContextAwareRepository } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   users: { id: number; email: string };
 * }
 * class Users extends ContextAwareRepository<Database, "users"> {
 *   constructor(executor: Kysely<Database>) {
 *     super(executor, "users");
 *   }
 *   byEmail(email: string) {
 *     return this.findOneBy({ email });
 *   }
 * }
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, email text)");
 * database.exec("insert into users values (1, 'ada@x.org')");
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const users = new Users(db);
 * assert.equal((await users.byEmail("ada@x.org"))?.id, 1);
 * await db.transaction().execute(async (trx) => {
 *   assert.equal((await users.withExecutor(trx).byEmail("ada@x.org"))?.id, 1);
 * });
 * await db.destroy();
 * ```
 */
export abstract class ContextAwareRepository<DB, T extends TableName<DB>> {
  /** The instance that queries run on. */
  protected readonly executor: Kysely<DB>;
  /** The table. */
  protected readonly tableName: T;

  /**
   * @param executor an executor, a transaction, or a plain Kysely
   * @param tableName the table
   */
  constructor(executor: AnyKysely<DB>, tableName: T) {
    if (typeof executor?.getExecutor !== "function") {
      throw new BadRequestError("Cannot make a repository: the executor is not a Kysely");
    }
    // It is a Kysely<DB>, by what AnyKysely says of it.
    this.executor = executor as unknown as Kysely<DB>;
    this.tableName = tableName;
  }

  /**
   * The same repository on another executor: a new object of the same class, whose constructor is
   * given the executor and the table.
   *
   * @param executor an executor, a transaction, or a plain Kysely
   */
  withExecutor(executor: AnyKysely<DB>): this {
    // A class of its own kind; one whose constructor wants more than these two overrides this method.
    const { constructor } = this as unknown as { constructor: new (...args: unknown[]) => unknown };
    return new constructor(executor, this.tableName) as this;
  }

  /** The instance that queries run on. */
  protected get db(): Kysely<DB> {
    return this.executor;
  }

  /**
   * The first row that fits, or `null`.
   *
   * @param where which row
   */
  protected async findOneBy(where: Where<DB[T]>): Promise<Selectable<DB[T]> | null> {
    return await createRepository<any, any>(this.executor, { tableName: this.tableName })
      .findOne({ where }) as Selectable<DB[T]> | null;
  }

  /**
   * The rows that fit.
   *
   * @param where which rows
   */
  protected async findManyBy(where: Where<DB[T]>): Promise<Selectable<DB[T]>[]> {
    return await createRepository<any, any>(this.executor, { tableName: this.tableName })
      .find({ where }) as Selectable<DB[T]>[];
  }
}
