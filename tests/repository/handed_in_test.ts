/** What is handed to an ORM: repositories that somebody else has made, and those written by hand. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { auditPlugin } from "@kysera/audit";
import { BadRequestError } from "@kysera/core";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import {
  ContextAwareRepository,
  createORM,
  createRepositoriesFactory,
  createRepository,
  createRepositoryFactory,
  withPlugins,
} from "@kysera/repository";
import type { Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { byTenant, type Database, inWorld, softly } from "./_world.ts";

class People extends ContextAwareRepository<Database, "people"> {
  readonly #secret = "kept";

  constructor(executor: Kysely<Database>) {
    super(executor, "people");
  }

  get secret(): string {
    return this.#secret;
  }

  /** Its own, which no plugin's takes the place of. */
  findDeleted(): Promise<string> {
    return Promise.resolve("mine");
  }
}

const handWritten = (executor: Kysely<Database>) => ({
  tableName: "people" as const,
  executor,
  findAll: () => executor.selectFrom("people").select("id").orderBy("id").execute(),
  findById: (id: number) =>
    executor.selectFrom("people").selectAll().where("id", "=", id).executeTakeFirst(),
});

onEveryDialect("createRepository(factory) of an ORM", (dialect) => {
  it("refuses a repository on a Kysely without the plugins, or on another executor", () =>
    inWorld(dialect, async ({ db, executor, people }) => {
      const before = await people();
      const orm = await createORM(executor);
      const other = await createExecutor(db, [softly]);
      const without = createRepositoryFactory(db);
      const made: readonly (() => unknown)[] = [
        () => without.create({ tableName: "people" }),
        () => createRepository(db, { tableName: "people" }),
        () => createRepository(other, { tableName: "people" }),
        () => handWritten(db),
        () => handWritten(other as Kysely<any>),
        () => new People(db),
        () => Object.freeze(handWritten(db)),
        () => ({ people: handWritten(executor), others: handWritten(db) }),
        () => createRepositoriesFactory({ people: (on) => new People(on as Kysely<any>) })(db),
      ];
      for (const [i, factory] of made.entries()) {
        assert.throws(
          () => orm.createRepository(factory),
          (error) =>
            error instanceof BadRequestError &&
            /"people": it is on (?:another executor|a Kysely without the plugins), .* given$/
              .test(error.message),
          String(i),
        );
        await assert.rejects(withPlugins(factory, db, [byTenant]), BadRequestError);
      }
      await assert.rejects(
        Promise.resolve(orm.createRepository(() => Promise.resolve(handWritten(db)))),
        BadRequestError,
      );
      assert.equal(await people(), before);
    }));

  it("takes one on the executor, on a handle of it, and with a configuration", () =>
    inWorld(dialect, async ({ executor }) => {
      const orm = await createORM(executor);
      const bound = bindContext(executor, { tenant: 1 });
      for (
        const factory of [
          (on: Kysely<Database>) => createRepository(on, { tableName: "people" }),
          () => createRepository(bound, { tableName: "people" }),
          () => handWritten(bound),
          (on: Kysely<Database>) => new People(on),
        ]
      ) {
        const repository = orm.createRepository(factory as (on: Kysely<Database>) => any);
        assert.equal(typeof repository.softDelete, "function");
      }
      const several = orm.createRepository((on) => ({ one: handWritten(on), n: 1, none: null }));
      assert.equal((await several.one.findAll()).length, 3);
      assert.equal(orm.createRepository(() => 7), 7);
      const nothing: { readonly a: number } = orm.createRepository(() => ({ a: 1 }));
      assert.deepEqual(nothing, { a: 1 });
    }));

  it("refuses in a transaction what is outside of it", () =>
    inWorld(dialect, async ({ executor, people }) => {
      const before = await people();
      const orm = await createORM(executor);
      await assert.rejects(
        orm.transaction(async (_context, inside) => {
          const users = inside.createRepository(handWritten);
          assert.equal(await users.softDelete(1), true);
          inside.createRepository(() => handWritten(executor));
        }),
        /"people" in a transaction: it is on the executor outside of it/,
      );
      assert.equal(await people(), before);
    }));

  it("gives a repository that is written by hand the methods of the plugins", () =>
    inWorld(dialect, async ({ executor, people }) => {
      const touched: Plugin = {
        name: "touched",
        version: "1.0.0",
        extendRepository: (repository) => ({
          ...repository,
          findById: () => assert.fail("the repository has its own"),
          tableOf: () => (repository as unknown as { tableName: string }).tableName,
        }),
      };
      const orm = await createORM(executor, [
        touched,
        auditPlugin({ tables: ["people"], createTable: true }),
      ]);
      const users = orm.createRepository(handWritten);
      assert.equal(await users.softDelete(1), true);
      assert.deepEqual((await users.findAll()).map(({ id }) => id), [4, 5]);
      assert.equal(await users.findById(1), undefined);
      assert.equal((await users.findDeleted()).length, 2);
      const history: readonly { readonly operation: string }[] = await users.getAuditHistory(1);
      assert.deepEqual(history.map(({ operation }) => operation), ["SOFT_DELETE"]);
      assert.equal(await users.restore(1), true);
      assert.equal((await users.findAll()).length, 3);
      assert.equal((users as unknown as { tableOf(): string }).tableOf(), "people");

      const own = orm.createRepository((on) => new People(on));
      assert.ok(own instanceof People);
      assert.equal(own.secret, "kept");
      assert.equal(await own.findDeleted(), "mine");
      const methods = own as unknown as { softDelete(id: number): Promise<boolean> };
      assert.equal(await methods.softDelete(5), true);
      assert.match(await people(), /\(5:null\)/);

      const frozen = orm.createRepository((on) => Object.freeze(handWritten(on)));
      assert.ok(Object.isFrozen(frozen));
      assert.equal(await frozen.restore(5), true);
      assert.equal((await frozen.findAll()).length, 3);
    }));

  it("finds rows by the key that a repository names, and makes entities by its mapRow", () =>
    inWorld(dialect, async ({ executor }) => {
      const orm = await createORM(executor);
      const people = orm.createRepository((on) => ({
        tableName: "people" as const,
        executor: on,
        primaryKey: "email",
        mapRow: (row: { name: string | null }): string => `<${row.name}>`,
      }));
      const byEmail = people as unknown as {
        softDelete(email: string): Promise<boolean>;
        findWithDeleted(email: string): Promise<string | null>;
      };
      const { email } = await executor.selectFrom("people").select("email").where("id", "=", 1)
        .executeTakeFirstOrThrow();
      assert.equal(await byEmail.softDelete(email), true);
      assert.equal(await byEmail.findWithDeleted(email), "<Ada>");
    }));
});
