import { createMigrationRunner } from "@kysera/migrations";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startMariadb, startPostgres, whyNoServer } from "../infra/_servers.ts";
import { uniqueName } from "../support/_names.ts";
import { dialectOf, mortal } from "./_child.ts";
import { assertSameEnd, type Death, deathsOf, LEASE } from "./_killed.ts";
import { migrationsFor } from "./_migrations.ts";
import { dump } from "./_processes.ts";

const SERVERS = [
  { name: "postgres", dialect: "postgres", start: startPostgres },
  { name: "mariadb", dialect: "mysql", start: startMariadb },
] as const;

for (const { name, dialect, start } of SERVERS) {
  const skip = whyNoServer(name);
  const title = `a server that is killed under a runner [${name}${skip ? `: ${skip}` : ""}]`;
  describe(title, { skip: skip ?? false }, () => {
    it("comes back with what the next run brings to the same end", async () => {
      const server = await start();
      try {
        const isPostgres = dialect === "postgres";
        const open = async (within: string) =>
          await dialectOf({ dialect, url: server.url }, within);
        const withAdmin = async (change: (db: Kysely<any>) => Promise<unknown>) => {
          const db = new Kysely<any>({ dialect: await open(isPostgres ? "public" : "test") });
          await change(db).finally(() => db.destroy());
        };
        const create = async (): Promise<string> => {
          const within = uniqueName();
          await withAdmin((db) =>
            isPostgres
              ? sql`create schema ${sql.id(within)}`.execute(db)
              : sql`create database ${sql.id(within)}`.execute(db)
          );
          return within;
        };
        /** Migrates a database; the server is killed on the way, and started again. */
        const migrate = async (within: string, death: Partial<Death>) => {
          const count = { statements: 0 };
          let isKilled = false;
          const db = new Kysely<any>({
            dialect: mortal(await open(within), death, count, async () => {
              isKilled = true;
              await server.kill();
            }),
          });
          try {
            await createMigrationRunner(db, migrationsFor(dialect), {
              lease: LEASE,
              lockTimeout: 20_000,
            }).up();
          } catch (error) {
            if (!isKilled) throw error;
          } finally {
            // A connection that is gone cannot be closed properly.
            await db.destroy().catch(() => {});
          }
          return { statements: count.statements, isKilled };
        };
        const undisturbed = await create();
        const { statements } = await migrate(undisturbed, {});
        const db = new Kysely<any>({ dialect: await open(undisturbed) });
        const wanted = await dump(db, dialect).finally(() => db.destroy());
        let kills = 0;
        // A quarter of them takes half a minute, and the next seed has others.
        for (const death of deathsOf(statements, 4)) {
          const within = await create();
          const { isKilled } = await migrate(within, death);
          if (isKilled) {
            kills++;
            await server.restart();
          }
          const next = new Kysely<any>({ dialect: await open(within) });
          try {
            await assertSameEnd(next, dialect, wanted, death.place);
          } finally {
            await next.destroy();
          }
        }
        assert.ok(kills > 0);
      } finally {
        await server.remove();
      }
    });
  });
}
