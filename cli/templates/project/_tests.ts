import type { ProjectChoice } from "./_choice.ts";
import { traitsOf } from "./_databases.ts";

/** `test/_database.ts`: what the tests have in common. */
export function testDatabaseFile(choice: ProjectChoice): string {
  const { testUrl } = traitsOf(choice);
  const url = testUrl === undefined
    ? 'process.env["TEST_DATABASE_URL"] ?? process.env["DATABASE_URL"]'
    : `"${testUrl}"`;
  return `import { createMigrationRunner } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import type { Kysely } from "kysely";
${
    testUrl === undefined
      ? 'import process from "node:process";\n'
      : ""
  }import { openDatabase } from "../src/database.ts";
import type { DB } from "../src/types.ts";

/** Opens the database of the tests, with every migration applied. */
export async function openTestDatabase(): Promise<Kysely<DB>> {
  const db = await openDatabase(${url});
  const migrations = folderOfMigrations(new URL("../migrations/", import.meta.url));
  await createMigrationRunner(db, migrations).up();
  return db;
}
`;
}

/** `test/users_test.ts` */
export function usersTestFile(choice: ProjectChoice): string {
  const isSoft = choice.plugins.includes("soft-delete");
  return `${head("users", 'import { usersOf } from "../src/users.ts";')}
  it("stores users", () =>
    testInTransaction(db, async (trx) => {
      const users = usersOf(trx);
      const ada = await users.create({ email: "ada@example.org", name: "Ada" });
      assert.equal((await users.getById(ada.id)).name, "Ada");
    }));

  it("refuses what is not a user", () =>
    testInTransaction(db, async (trx) => {
      await assert.rejects(usersOf(trx).create({ email: "ada", name: "" }));
    }));

  it("${isSoft ? "hides users that are deleted" : "deletes users"}", () =>
    testInTransaction(db, async (trx) => {
      const users = usersOf(trx);
      const ada = await users.create({ email: "ada@example.org", name: "Ada" });
      assert.equal(await users.delete(ada.id), true);
      assert.equal(await users.findById(ada.id), null);${
    isSoft
      ? `
      const row = await withDeleted(trx).selectFrom("users").select("deleted_at")
        .where("id", "=", ada.id).executeTakeFirstOrThrow();
      assert.notEqual(row.deleted_at, null);`
      : ""
  }
    }));
});
`.replace(
    "import { testInTransaction }",
    `${
      isSoft ? 'import { withDeleted } from "@kysera/soft-delete";\n' : ""
    }import { testInTransaction }`,
  );
}

/** `test/app_test.ts` */
export function appTestFile(): string {
  return `${head("the API", 'import { createApp } from "../src/app.ts";')}
  it("creates and lists users", () =>
    testInTransaction(db, async (trx) => {
      const app = createApp(trx);
      const created = await post(app, { email: "ada@example.org", name: "Ada" });
      assert.equal(created.status, 201);
      const { id } = await created.json();
      const listed = await (await app.request("/users")).json();
      assert.deepEqual(listed.map((user: { id: number }) => user.id), [id]);
      assert.equal((await app.request(\`/users/\${id}\`, { method: "DELETE" })).status, 204);
      assert.equal((await app.request(\`/users/\${id}\`)).status, 404);
    }));

  it("says what is wrong", () =>
    testInTransaction(db, async (trx) => {
      const app = createApp(trx);
      assert.equal((await post(app, { email: "ada", name: "" })).status, 422);
      await post(app, { email: "ada@example.org", name: "Ada" });
      assert.equal((await post(app, { email: "ada@example.org", name: "Bea" })).status, 409);
    }));
});

async function post(app: ReturnType<typeof createApp>, user: object): Promise<Response> {
  return await app.request("/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(user),
  });
}
`;
}

function head(subject: string, imports: string): string {
  return `import { testInTransaction } from "@kysera/testing";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
${imports}
import type { DB } from "../src/types.ts";
import { openTestDatabase } from "./_database.ts";

describe("${subject}", () => {
  let db: Kysely<DB>;
  before(async () => {
    db = await openTestDatabase();
  });
  after(() => db.destroy());
`;
}
