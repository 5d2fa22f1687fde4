import { auditPlugin, createAuditTable } from "@kysera/audit";
import { nodeSqliteDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { type ProjectDatabase, withDatabase } from "../../_testing/databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

/** Writes rows with the audit plugin, as a program does. */
async function fill({ project, db }: ProjectDatabase, hashChain: boolean): Promise<void> {
  const own = db ?? new Kysely<any>({ dialect: await sqliteOf(join(project.folder, "app.db")) });
  try {
    await own.schema.createTable("users").addColumn(
      "id",
      "integer",
      (column) => column.primaryKey(),
    )
      .addColumn("name", "varchar(20)").execute();
    await createAuditTable(own, { hashChain });
    const executor = await createExecutor(own, [auditPlugin({ hashChain })]);
    const ada = bindContext(executor, { auth: { userId: 7, roles: [] } });
    await ada.insertInto("users").values({ id: 1, name: "Ada" }).execute();
    await ada.updateTable("users").set({ name: "Bea" }).where("id", "=", 1).execute();
    await executor.insertInto("users").values({ id: 2, name: "Cy" }).execute();
    await executor.deleteFrom("users").where("id", "=", 2).execute();
  } finally {
    if (db === undefined) await own.destroy();
  }
}

async function sqliteOf(file: string) {
  const { DatabaseSync } = await import("node:sqlite");
  return nodeSqliteDialect({ database: new DatabaseSync(file) });
}

onEveryDialect("kysera audit", (dialect) => {
  it("shows what happened, undoes it, and removes what is old", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, name } = database;
      await fill(database, false);
      const operations = (answer: any) =>
        answer.data.entries.map((entry: { operation: string }) => entry.operation);
      const logs = ["audit", "logs"];
      const all = await project.json(logs);
      assert.deepEqual(
        operations(all),
        ["DELETE", "INSERT", "UPDATE", "INSERT"],
        all.error?.message,
      );
      assert.deepEqual(operations(await project.json([...logs, "-u", "7", "-l", "1"])), ["UPDATE"]);
      const deleted = [...logs, "-t", "users", "-e", "2", "--action", "DELETE", "--since", "1h"];
      assert.deepEqual(operations(await project.json(deleted)), ["DELETE"]);
      assert.deepEqual(operations(await project.json([...logs, "--until", "1h"])), []);
      const shown = await project.on(dialect)([...logs, "-t", "users"]);
      assert.match(shown.stdout, /^Id +When +Operation +Table +Row +By +Columns\n/, shown.stderr);
      assert.match(shown.stdout, /UPDATE +users +1 +7 +name$/m);
      assert.doesNotMatch(shown.stdout, /Bea/);

      const history = ["audit", "history", "users", "1"];
      assert.deepEqual(operations(await project.json([...history, "--reverse"])), [
        "INSERT",
        "UPDATE",
      ]);
      const values = await project.on(dialect)([...history, "--show-values"]);
      assert.match(values.stdout, /^ {2}name: "Ada" -> "Bea"$/m);
      const [last, , update, first] = all.data.entries.map(({ id }: { id: number }) => String(id));
      const compare = ["audit", "compare", first, update];
      assert.equal((await project.on(dialect)(compare)).stdout, "name\n");
      const compared = await project.json([...compare, "--show-values"]);
      assert.deepEqual(compared.data.changes, { name: { from: "Ada", to: "Bea" } });
      assert.equal((await project.json(["audit", "compare", first, "999"])).code, 2);

      const diff = await project.on(dialect)(["audit", "diff", "users", "1"]);
      assert.equal(diff.stdout, '+id: 1\n+name: "Bea"\n', diff.stderr);
      const unified = await project.on(dialect)(["audit", "diff", "users", "1", "1h", "0s", "-u"]);
      assert.match(unified.stdout, /^\+name: "Bea"$/m);

      const stats = await project.json(["audit", "stats", "--period", "1h", "--user", "7"]);
      assert.deepEqual(stats.data.stats, [
        { table: "users", operation: "INSERT", user: "7", entries: 1 },
        { table: "users", operation: "UPDATE", user: "7", entries: 1 },
      ]);
      const json = await project.on(dialect)(["audit", "stats", "-t", "users", "--format", "json"]);
      assert.equal(JSON.parse(json.stdout).total, 4);

      const dry = await project.on(dialect)(["audit", "restore", last, "--dry-run"]);
      assert.match(dry.stdout, /^Would undo DELETE of users 2:\n/);
      const restored = await project.on(dialect)(["audit", "restore", last]);
      assert.equal(restored.stdout, "Undid DELETE of users 2\n", restored.stderr);
      assert.equal((await project.json([...logs])).data.entries.length, 5);
      const again = await project.json(["audit", "restore", last]);
      assert.notEqual(again.code, 0);

      assert.equal((await project.json(["audit", "verify"])).code, 4);
      const cleanup = ["audit", "cleanup", "--older-than", "0s"];
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal((await project.json([...cleanup, "--dry-run"])).data.count, 5);
      assert.equal((await project.json(cleanup)).code, 4);
      const confirmed = ["--yes", "--confirm", name, "--batch-size", "2"];
      assert.equal((await project.json([...cleanup, ...confirmed])).data.removed, 5);
      assert.equal((await project.json(["audit", "logs", "--audit-table", "log"])).code, 1);
    });
  });

  it("finds what was done to a chain", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, db, name } = database;
      await fill(database, true);
      const verified = await project.on(dialect)(["audit", "verify"]);
      assert.equal(verified.stdout, "4 entries, and nothing was done to them\n", verified.stderr);
      const cleanup = ["audit", "cleanup", "--older-than", "0s", "--yes", "--confirm", name];
      assert.equal((await project.json(cleanup)).code, 4);
      if (db === undefined) return;
      await sql`update audit_logs set operation = 'INSERT' where operation = 'DELETE'`.execute(db);
      const edited = await project.json(["audit", "verify"]);
      assert.deepEqual([edited.code, edited.data.problems[0].problem], [3, "edited"]);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
