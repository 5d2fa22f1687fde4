/** Two copies of a package in one program, as bundlers and nested installations make them. */
import { nodeSqliteDialect } from "@kysera/dialects";
import * as own from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { Kysely } from "kysely";
import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { matrix } from "../support/matrix.ts";

const [sqlite] = matrix;

/** Copies a package to where it finds what it imports, and returns how to remove it. */
async function copyOf<T>(name: string): Promise<readonly [T, () => Promise<void>]> {
  const entry = fileURLToPath(import.meta.resolve(name));
  const from = dirname(entry);
  const { pid } = await import("node:process");
  const to = join(dirname(from), ".tmp", `${name.replace(/.*\//, "")}_${pid}`);
  await cp(from, to, { recursive: true });
  const remove = () => rm(to, { recursive: true, force: true });
  try {
    const module: T = await import(pathToFileURL(join(to, entry.slice(from.length))).href);
    return [module, remove];
  } catch (error) {
    await remove();
    throw error;
  }
}

describe("two copies of a package", { skip: sqlite?.skip ?? false }, () => {
  let other: typeof own;
  let removeCopy: () => Promise<void>;
  let db: Kysely<any>;

  before(async () => {
    [other, removeCopy] = await copyOf<typeof own>("@kysera/executor");
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(":memory:");
    database.exec("create table posts (id integer primary key, deleted_at text)");
    db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
  });

  after(async () => {
    await db?.destroy();
    await removeCopy?.();
  });

  const isTold = (error: unknown): boolean => {
    assert.ok(error instanceof own.ExecutorError, String(error));
    assert.equal(error.code, "TWO_COPIES");
    const version = `(both ${softDeletePlugin().version})`;
    assert.ok(error.message.includes(`another copy of @kysera/executor ${version}`));
    assert.match(error.message, /npm ls @kysera\/executor.*serverExternalPackages/);
    return true;
  };

  it("are told by every function that takes an executor, and a transaction", async () => {
    assert.notEqual(other.createExecutor, own.createExecutor);
    const foreign = await other.createExecutor(db, [softDeletePlugin()]);
    await foreign.transaction().execute(async (trx) => {
      for (const executor of [foreign, foreign.withSchema("main"), trx] as Kysely<any>[]) {
        assert.equal(own.isKyseraExecutor(executor), true);
        assert.throws(() => own.bindContext(executor, {}), isTold);
        assert.throws(() => own.withMetadata(executor, {}), isTold);
        assert.throws(() => own.getPlugins(executor), isTold);
        assert.throws(() => own.createExecutorSync(executor, []), isTold);
        await assert.rejects(own.createExecutor(executor, []), isTold);
        assert.throws(
          () => own.explainQuery(executor, db.selectFrom("posts").selectAll()),
          isTold,
        );
        await assert.rejects(softDelete(executor, "posts", 1), isTold);
        await assert.rejects(async () => {
          await createRepository(executor, { tableName: "posts" }).findById(1);
        }, isTold);
      }
      // What it can do by itself it goes on to do.
      assert.deepEqual(await trx.selectFrom("posts").selectAll().execute(), []);
    });
    assert.equal(own.isKyseraExecutor(db), false);
  });

  it("name both versions where they differ", () => {
    const older = new Proxy(db, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key !== "getExecutor") return typeof value === "function" ? value.bind(target) : value;
        // An executor of another version answers so.
        return () => ({
          withPlugin: (plugin: { [tell: symbol]: unknown }) => {
            const tell = plugin[Symbol.for("@kysera/executor")];
            if (typeof tell === "function") tell({ version: "0.9.1" });
          },
        });
      },
    });
    assert.throws(
      () => own.bindContext(older, {}),
      (error) => isCopy(error) && /\(0\.9\.1, and \d+\.\d+\.\d+ here\)/.test(error.message),
    );
  });

  it("are told of a plugin's package as well", async () => {
    const [copy, remove] = await copyOf<{ softDeletePlugin: typeof softDeletePlugin }>(
      "@kysera/soft-delete",
    );
    try {
      const executor = await own.createExecutor(db, [copy.softDeletePlugin()]);
      await assert.rejects(
        softDelete(executor, "posts", 1),
        /"@kysera\/soft-delete" of this executor was made by another copy of the package/,
      );
    } finally {
      await remove();
    }
  });
});

function isCopy(error: unknown): error is own.ExecutorError {
  return error instanceof own.ExecutorError && error.code === "TWO_COPIES";
}
