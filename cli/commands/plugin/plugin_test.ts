import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { executorConfig } from "../../_testing/executor_config.ts";
import { type Project, withProject } from "../../_testing/program.ts";

const TS = `// Opens the database.
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";

interface DB {
  users: { id: number };
}

export async function open(): Promise<Kysely<DB>> {
  const database = new DatabaseSync("app.db");
  return await createExecutor(new Kysely<DB>({ dialect: nodeSqliteDialect({ database }) }), [
    // All of them.
  ]);
}
`;

async function fill(project: Project): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    "create table users (id integer primary key, name text, deleted_at text, gone_at text);",
  );
  const up = await project.json(["migrate", "up", "--url", "sqlite:app.db"]);
  assert.equal(up.code, 0, up.error?.message);
}

describe("kysera plugin enable, disable and config", () => {
  it("change the configuration, which works afterwards", async () => {
    await withProject(async (project) => {
      await fill(project);
      const before = executorConfig({ name: "sqlite" }, "sqlite:app.db", {
        head: "",
        plugins: "[]",
      });
      await project.write("kysera.config.mjs", before);
      const enable = ["plugin", "enable", "soft-delete", "--options", '{ tables: ["users"] }'];
      const shown = await project.kysera([...enable, "--dry-run"]);
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, /^\+import \{ softDeletePlugin \} from "@kysera\/soft-delete";$/m);
      assert.equal(await project.read("kysera.config.mjs"), before);
      const refused = await project.kysera(enable);
      assert.equal(refused.code, 4);
      assert.match(refused.stderr, /nobody can be asked/);
      assert.equal(await project.read("kysera.config.mjs"), before);

      const done = await project.kysera([...enable, "--yes"]);
      assert.equal(done.code, 0, done.stderr);
      const list = await project.kysera(["plugin", "list", "--json"]);
      assert.equal(
        JSON.parse(list.stdout).data.plugins[0].name,
        "@kysera/soft-delete",
        list.stderr,
      );
      const again = await project.json([...enable, "--yes"]);
      assert.deepEqual([again.code, again.data.changed], [0, false]);

      const config = ["plugin", "config", "soft-delete"];
      const given = await project.kysera(config);
      assert.equal(given.stdout, 'softDeletePlugin({ tables: ["users"] })\n', given.stderr);
      const set = await project.kysera([...config, "--set", 'deletedAtColumn="gone_at"', "--yes"]);
      assert.equal(set.code, 0, set.stderr);
      const explained = await project.kysera(["policies", "explain", "-t", "users"]);
      assert.match(explained.stdout, /"gone_at" is null/, explained.stderr);
      const unset = await project.json([...config, "--unset", "deletedAtColumn,tables", "--yes"]);
      assert.equal(unset.code, 0, unset.error?.message);
      assert.equal((await project.json(config)).data.options, "{}");
      const all = await project.json([...config, "-o", '{ tables: ["users"] }', "--yes"]);
      assert.equal(all.code, 0, all.error?.message);

      const disabled = await project.kysera(["plugin", "disable", "@kysera/soft-delete", "--yes"]);
      assert.equal(disabled.code, 0, disabled.stderr);
      assert.equal(await project.read("kysera.config.mjs"), before);
    });
  });

  it("change TypeScript, wherever the executor is created, and nothing else of it", async () => {
    await withProject(async (project) => {
      await fill(project);
      await project.write("kysera.config.json", '{"database":{"connection":"sqlite:app.db"}}');
      await project.write("src/db/database.ts", TS);
      const enable = ["plugin", "enable", "timestamps", "--yes"];
      const done = await project.json(enable);
      assert.equal(done.code, 0, done.error?.message);
      const after = await project.read("src/db/database.ts");
      const lines = after.split("\n").filter((line) => !TS.split("\n").includes(line));
      assert.deepEqual(lines, [
        'import { timestampsPlugin } from "@kysera/timestamps";',
        "    timestampsPlugin(),",
      ]);

      await project.write("src/other.ts", TS);
      const two = await project.json(["plugin", "disable", "timestamps"]);
      assert.equal(two.code, 2);
      assert.match(two.error.message, /src\/db\/database\.ts, src\/other\.ts/);
      const named = ["--file", "src/db/database.ts", "--yes"];
      assert.equal((await project.json(["plugin", "disable", "timestamps", ...named])).code, 0);
      assert.equal(await project.read("src/db/database.ts"), TS);

      await project.write(
        "kysera.config.ts",
        'import { open } from "./src/other.ts";\nexport default { database: { kysely: open } };\n',
      );
      await project.removeFile("kysera.config.json");
      const followed = await project.json([...enable, "--dry-run"]);
      assert.match(followed.data.file, /src\/other\.ts$/);
    });
  });

  it("say what they cannot do", async () => {
    await withProject(async (project) => {
      const code = async (...args: string[]) => (await project.json(["plugin", ...args])).code;
      assert.equal(await code("enable", "audit"), 4);
      await project.write("a.ts", TS);
      assert.equal(await code("enable", "audt"), 2);
      assert.equal(await code("enable", "rls", "--yes"), 2);
      assert.equal(await code("enable", "audit", "--options", "{", "--yes"), 2);
      assert.equal(await code("enable", "audit", "--file", "b.ts"), 2);
      assert.equal(await code("config", "audit"), 2);
      const none = await project.json(["plugin", "disable", "audit"]);
      assert.deepEqual([none.code, none.data.changed], [0, false]);
      const other = await project.json(["plugin", "enable", "some-package#create", "--dry-run"]);
      assert.match(other.data.diff, /^\+import \{ create \} from "some-package";$/m);
      assert.match(other.warnings.join(), /some-package.*may not be installed/);
      assert.equal(await project.read("a.ts"), TS);
      await project.write("a.ts", "createExecutor(db, [");
      assert.equal(await code("enable", "audit", "--yes"), 2);
    });
  });
});
