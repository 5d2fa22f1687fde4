import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withProject } from "../_testing/program.ts";

describe("kysera completions", () => {
  it("prints a script for each shell", async () => {
    await withProject(async (project) => {
      const { code, stdout } = await project.kysera(["completions", "bash"]);
      assert.equal(code, 0);
      assert.match(stdout, /kysera complete -- /);
      for (const shell of ["zsh", "fish", "powershell"]) {
        assert.match((await project.json(["completions", shell])).data.script, /kysera complete/);
      }
      assert.equal((await project.json(["completions", "bsh"])).code, 2);
    });
  });

  it("completes groups, commands, options and their values", async () => {
    await withProject(async (project) => {
      const complete = async (...words: string[]) =>
        (await project.kysera(["complete", "--", ...words])).stdout;
      assert.match(await complete("mig"), /^migrate\tApply, undo/m);
      assert.match(await complete("migrate", "re"), /^reset\t/m);
      assert.match(await complete("migrate", "up", "--ste"), /^--steps\t/m);
      assert.match(await complete("migrate", "up", "--policy", ""), /^allow-unordered\b/m);
      assert.doesNotMatch(await complete(""), /^complete\t/m);
    });
  });
});

describe("kysera health", () => {
  it("tells whether the database is there", async () => {
    await withProject(async (project) => {
      await project.write("app.db", "");
      const healthy = await project.kysera(["health", "check", "--url", "sqlite:app.db"]);
      assert.equal(healthy.code, 0, healthy.stderr);
      assert.match(healthy.stdout, /Z healthy \(Database Connection/);
      const url = ["--url", "postgres://app:s3cret@127.0.0.1:1/x"];
      const gone = await project.json(["health", "check", ...url]);
      assert.deepEqual([gone.code, gone.data.status], [1, "unhealthy"]);
      assert.equal(gone.data.database, "postgres://app@127.0.0.1:1/x");
    });
  });

  it("asks again and again until it is interrupted", async () => {
    await withProject(async (project) => {
      await project.write("app.db", "");
      const watch = ["health", "watch", "--url", "sqlite:app.db", "--interval", "10"];
      const { code, stdout } = await project.kysera([...watch, "--json", "--log", "log"], {
        onStdout: (text, kill) => {
          if (text.split("\n").length > 3) kill("SIGINT");
        },
      });
      assert.equal(code, 130);
      const [first] = stdout.split("\n");
      assert.equal(JSON.parse(first!).status, "healthy");
      assert.equal((await project.read("log")).split("\n")[0], first);
    });
  });
});
