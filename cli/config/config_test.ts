import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { sep, win32 } from "node:path";
import { describe, it } from "node:test";
import { type Project, withProject } from "../_testing/program.ts";
import { resolvePath } from "./_resolve_path.ts";

const STATUS = ["migrate", "status"];

/** Which database a command means. */
async function databaseOf(
  project: Project,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<string> {
  await project.write("migrations/001_a.sql", "select 1;");
  const answer = await project.json([...STATUS, ...args], { env });
  assert.equal(answer.code, 0, answer.error?.message);
  return answer.data.database.connection;
}

describe("the configuration", () => {
  it("is read from TypeScript, JavaScript and JSON, in the folder or above it", async () => {
    for (const ending of ["ts", "js", "mjs", "json"]) {
      await withProject(async (project) => {
        const config = '{ "database": { "dialect": "sqlite", "database": "of_file.db" } }';
        await project.write(
          `kysera.config.${ending}`,
          ending === "json"
            ? config
            : ending === "ts"
            ? `const config: object = ${config};\nexport default config;`
            : `export default ${config};`,
        );
        assert.equal(await databaseOf(project), "sqlite:of_file.db");
      });
    }
  });

  it("is given by --config, and goes by the environment", async () => {
    await withProject(async (project) => {
      await project.write(
        "other.json",
        JSON.stringify({
          database: { connection: "sqlite:a.db" },
          environments: {
            test: { database: { connection: "sqlite:b.db" } },
            stage: { database: { dialect: "sqlite", database: "c.db" } },
          },
        }),
      );
      const config = ["--config", "other.json"];
      assert.equal(await databaseOf(project, config), "sqlite:a.db");
      assert.equal(await databaseOf(project, [...config, "--env", "test"]), "sqlite:b.db");
      assert.equal(await databaseOf(project, config, { NODE_ENV: "stage" }), "sqlite:c.db");
      assert.equal(await databaseOf(project, config, { KYSERA_ENV: "test" }), "sqlite:b.db");
      assert.equal(await databaseOf(project, [...config, "--url", "sqlite:d.db"]), "sqlite:d.db");
      const unknown = await project.json([...STATUS, ...config, "--env", "tset"]);
      assert.equal(unknown.code, 2);
      assert.match(unknown.error.message, /no environment "tset"/);
    });
  });

  it("reads the variables of .env, and leaves those that are set", async () => {
    await withProject(async (project) => {
      await project.write(".env", "DATABASE_URL=sqlite:env.db\n");
      await project.write(".env.test", "DATABASE_URL='sqlite:test.db'\n");
      assert.equal(await databaseOf(project), "sqlite:env.db");
      assert.equal(await databaseOf(project, ["--env", "test"]), "sqlite:test.db");
      const set = { DATABASE_URL: "sqlite:set.db" };
      assert.equal(await databaseOf(project, [], set), "sqlite:set.db");
    });
  });

  it("reads quotes, several lines, `export` and comments of .env", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "select 1;");
      await project.write(
        ".env",
        "# of the project\r\nexport SPOKEN=yes\nQUOTED='a # b' # a comment\n" +
          'LINES="one\ntwo"\nEMPTY=\nPLAIN=two words # and a comment\n',
      );
      await project.write(
        "kysera.config.mjs",
        `import process from "node:process";
        const { SPOKEN, QUOTED, LINES, EMPTY, PLAIN } = process.env;
        const seen = JSON.stringify([SPOKEN, QUOTED, LINES, EMPTY, PLAIN]);
        export default { database: { dialect: "sqlite", database: Buffer.from(seen).toString("hex") } };
        import { Buffer } from "node:buffer";`,
      );
      const { code, stdout, stderr } = await project.kysera([...STATUS, "--json"]);
      assert.equal(code, 0, stderr);
      const seen = JSON.parse(stdout).data.database.connection.slice("sqlite:".length);
      assert.deepEqual(
        JSON.parse(Buffer.from(seen, "hex").toString()),
        ["yes", "a # b", "one\ntwo", "", "two words"],
      );
    });
  });

  it("is read from JSON that an editor of Windows has written, with its paths", async () => {
    await withProject(async (project) => {
      await project.write("changes/next/001_a.sql", "create table a (id integer);");
      await project.write(
        "kysera.config.json",
        "\uFEFF" + JSON.stringify({
          database: { dialect: "sqlite", database: ".\\data\\app.db" },
          migrations: { directory: ".\\changes\\next" },
        }),
      );
      const { code, error } = await project.json(["migrate", "up"]);
      assert.equal(code, 0, error?.message);
      assert.ok((await project.read("data/app.db")).length > 0);
      if (sep === "\\") return;
      const absolute = await project.json([...STATUS, "--url", "sqlite:C:\\data\\app.db"]);
      assert.equal(absolute.code, 2);
      assert.match(absolute.error.message, /"C:\\data\\app.db" is a path of Windows/);
    });
    assert.equal(resolvePath("C:\\shop", ".\\data/app.db", win32), "C:\\shop\\data\\app.db");
    assert.equal(resolvePath("C:\\shop", "D:/app.db", win32), "D:\\app.db");
  });

  it("says which line of it cannot be read, and where there are two", async () => {
    for (
      const [file, text, message] of [
        ["kysera.config.ts", "\nexport default {{;\n", /kysera\.config\.ts.*(?:line |:)2/s],
        ["kysera.config.mjs", "\n\nthrow new Error('no key');\n", /no key \(line 3\)/],
        ["kysera.config.json", '{ "database": ', /kysera\.config\.json": .*JSON/],
      ] as const
    ) {
      await withProject(async (project) => {
        await project.write(file, text);
        const { code, stderr } = await project.kysera(["doctor"]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      });
    }
    await withProject(async (project) => {
      await project.write("kysera.config.json", "{}");
      await project.write("kysera.config.mjs", "export default {};");
      const { code, error } = await project.json(["doctor"]);
      assert.equal(code, 2);
      assert.match(error.message, /there are ".*config\.mjs" and ".*config\.json"/);
    });
  });

  it("is read by a process of its own, with its variables", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "select 1;");
      await project.write(".env", "FILE=of_env.db\n");
      await project.write(
        "kysera.config.ts",
        `export default { database: { dialect: "sqlite" as const, database: process.env["FILE"] } };`,
      );
      const { code, stdout } = await project.kysera([...STATUS, "--json"]);
      assert.equal(code, 0);
      assert.equal(JSON.parse(stdout).data.database.connection, "sqlite:of_env.db");
    });
  });

  it("refuses what does not exist, and tells of what says nothing any more", async () => {
    for (
      const [config, message] of [
        [{ databse: {} }, /no key "databse" \(did you mean "database"\?\)/],
        [{ database: { conection: "x" } }, /no key "database.conection"/],
        [{ database: { port: "5432" } }, /"database.port" has to be a number/],
        [
          { environments: { test: { seeds: "x" } } },
          /"environments.test.seeds" has to be an object/,
        ],
        [{ database: { dialect: "oracle", database: "x" } }, /There is no dialect "oracle"/],
        [{ database: { dialect: "sqlite" } }, /a dialect and no database/],
        [{}, /No database is configured/],
        [[], /has to export an object/],
      ] as const
    ) {
      await withProject(async (project) => {
        await project.write("migrations/001_a.sql", "select 1;");
        await project.write("kysera.config.json", JSON.stringify(config));
        const answer = await project.json(STATUS);
        assert.equal(answer.code, 2, JSON.stringify(answer));
        assert.match(answer.error.message, message);
      });
    }
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "select 1;");
      await project.write(
        "kysera.config.json",
        '{"database":{"connection":"sqlite:a.db"},"health":{"interval":1},"migrations":{"pattern":"x"}}',
      );
      const { warnings } = await project.json(STATUS);
      assert.match(warnings[0]!, /"health" does nothing/);
      assert.match(warnings[1]!, /"migrations.pattern" does nothing/);
    });
  });

  it("never shows a password", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "select 1;");
      for (const scheme of ["postgres", "mysql"]) {
        const url = `${scheme}://app:s3cret@127.0.0.1:1/shop`;
        const { code, stdout, stderr } = await project.kysera([...STATUS, "--url", url, "-v"]);
        assert.equal(code, 1);
        assert.doesNotMatch(stdout + stderr, /s3cret/);
        assert.match(stderr, /Cannot connect to the database.*ECONNREFUSED/);
      }
      const wrong = await project.kysera([...STATUS, "--url", "postgres://app:s3cret@h:x/shop"]);
      assert.equal(wrong.code, 2);
      assert.doesNotMatch(wrong.stderr, /s3cret/);
    });
  });

  it("can create the Kysely instance itself", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "create table a (id integer);");
      await project.write(
        "kysera.config.mjs",
        `import { nodeSqliteDialect } from "@kysera/dialects";
        import { Kysely } from "kysely";
        import { DatabaseSync } from "node:sqlite";
        export default {
          database: {
            kysely: () => new Kysely({
              dialect: nodeSqliteDialect({ database: new DatabaseSync("own.db") }),
            }),
          },
        };`,
      );
      const { code, stderr } = await project.kysera(["migrate", "up"]);
      assert.equal(code, 0, stderr);
      assert.ok((await project.read("own.db")).length > 0);
    });
  });
});
