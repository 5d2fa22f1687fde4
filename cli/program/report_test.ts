import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withDatabase } from "../_testing/databases.ts";
import { withProject } from "../_testing/program.ts";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { fileFailure } from "../contract/_file_failure.ts";

describe("what is told of files", () => {
  it("says in words why one cannot be written", async () => {
    await withProject(async (project) => {
      await project.write("file", "");
      await project.write("migrations/001_a.sql", "create table a (id integer primary key);");
      await project.write("kysera.config.json", '{"database":{"connection":"sqlite:a.db"}}');
      await project.json(["migrate", "up"]);
      const types = await project.json(["generate", "types", "--output", "file/types.ts"]);
      assert.equal(types.code, 1);
      assert.match(types.error.message, /^Cannot write ".*types\.ts": /);
      assert.doesNotMatch(types.error.message, /\.tmp|E[A-Z]{4}/);
      const folder = await project.json(["migrate", "create", "b", "--dir", "file/folder"]);
      assert.equal(folder.code, 1);
      assert.match(folder.error.message, /"[^"]*file[^"]*": /);
      assert.doesNotMatch(folder.error.message, /E[A-Z]{4}/);
    });
  });

  it("knows the codes of systems, and leaves everything else", () => {
    const errorOf = (fields: object) => Object.assign(new Error("E.., open"), fields);
    const denied = fileFailure(errorOf({ code: "EACCES", syscall: "open", path: "/a" }));
    assert.equal(denied?.message, 'Cannot open "/a": permission denied');
    const full = fileFailure(errorOf({ code: "ENOSPC", syscall: "write" }), {
      action: "write",
      path: "/b",
    });
    assert.equal(full?.message, 'Cannot write "/b": no space is left');
    for (
      const fields of [
        { code: "ECONNREFUSED", syscall: "connect", path: "/socket" },
        { code: "EACCES", syscall: "connect", path: "/socket" },
        { code: "EACCES", syscall: "open" },
        { syscall: "open", path: "/a" },
      ]
    ) assert.equal(fileFailure(errorOf(fields)), undefined);
    assert.equal(fileFailure("EACCES"), undefined);
  });
});

describe("what is told of SQLite", () => {
  it("speaks of the file, not of a server", async () => {
    await withProject(async (project) => {
      await project.write("text.db", "This is a text, and by no means a database. ".repeat(40));
      const text = await project.json(["db", "tables", "--url", "sqlite:text.db"]);
      assert.equal(text.code, 1);
      assert.match(text.error.message, /^Cannot open the database: .*not a database/);
      assert.match(text.error.hint!, /Name a file of SQLite/);
      await project.write("folder/a.txt", "");
      const folder = await project.json(["db", "tables", "--url", "sqlite:folder"]);
      assert.equal(folder.code, 1);
      assert.match(folder.error.message, /^Cannot open the database: /);
      assert.match(folder.error.hint!, /Is the path right/);
    });
  });

  it("names how a URL is written, where one is not", async () => {
    await withProject(async (project) => {
      const { code, error } = await project.json(["db", "tables", "--url", "app.db"]);
      assert.equal(code, 2);
      assert.match(error.hint!, /sqlite:app\.db/);
    });
  });
});

onEveryDialect("what is told of servers", (dialect) => {
  if (dialect.name !== "postgres" && dialect.name !== "mysql") return;

  it("tells a database that is not there from a user who may not log in", () =>
    withDatabase(dialect, async ({ project, url }) => {
      const missing = new URL(url);
      missing.pathname = "/kysera_not_there";
      const database = await project.json(["db", "tables", "--url", missing.href]);
      assert.equal(database.code, 1);
      assert.match(database.error.message, /kysera_not_there/);
      // MariaDB tells a user who may not create databases nothing of what there is.
      assert.match(database.error.hint!, /Create the database|user and the password/);
      const stranger = new URL(url);
      stranger.username = "kysera_nobody";
      stranger.password = "s3cret";
      const user = await project.json(["db", "tables", "--url", stranger.href]);
      assert.equal(user.code, 1);
      assert.match(user.error.message, /^Cannot connect to the database: .*kysera_nobody/);
      assert.match(user.error.hint!, /user and the password/);
      assert.doesNotMatch(JSON.stringify(user), /s3cret/);
    }));
});
