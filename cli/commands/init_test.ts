import assert from "node:assert/strict";
import { basename, join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { withDatabase } from "../_testing/databases.ts";
import { type Project, run, withProject } from "../_testing/program.ts";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { runsAll } from "../../tests/support/random.ts";

const DATABASES = { sqlite: "sqlite", pglite: "pglite", postgres: "postgres", mysql: "mariadb" };

/** The command that runs the tests of a project on this runtime, with the packages of this one. */
function testCommand(): readonly string[] {
  if ("deno" in process.versions) {
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    return [process.execPath, "test", "--allow-all", "--no-check", "--config", config, "test/"];
  }
  if ("bun" in process.versions) return [process.execPath, "test", "--timeout", "60000"];
  return [process.execPath, "--test", "test/*_test.ts"];
}

/** Begins a project in the folder of a test, which has the packages already. */
async function init(project: Project, args: readonly string[]): Promise<any> {
  const answer = await project.json(["init", "--no-install", "--no-git", ...args]);
  assert.equal(answer.code, 0, answer.error?.message);
  return answer.data;
}

/** Migrates a project, compares its types with the database, and runs its tests. */
async function assertWorks(project: Project, url: string | undefined): Promise<void> {
  const env: Record<string, string> = url === undefined ? {} : { DATABASE_URL: url };
  const up = await project.kysera(["migrate", "up"], { env });
  assert.equal(up.code, 0, up.stderr);
  const verify = ["generate", "types", "--output", "src/types.ts", "--verify"];
  // The configuration reads the variables of its own process.
  const types = await project.kysera(verify, { env });
  assert.equal(types.code, 0, `${types.stdout}\n${types.stderr}`);
  const tests = await run(testCommand(), project.folder, { env });
  assert.equal(tests.code, 0, `${tests.stdout}\n${tests.stderr}`);
}

/** Checks the types of a project, where there is a compiler, and time. */
async function assertTypes(project: Project): Promise<void> {
  if (!("deno" in process.versions) || !runsAll()) return;
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const command = [process.execPath, "check", "--config", config, "src/", "test/"];
  const { stderr } = await run(command, project.folder, { env: { NO_COLOR: "1" } });
  // The packages of this repository write their types out; whoever uses them need not.
  const errors = stderr.match(/^TS(?!90\d\d )\d+ .*/gm) ?? [];
  assert.deepEqual(errors, [], stderr);
}

onEveryDialect("kysera init", (dialect) => {
  // PGlite is started four times for it.
  const skip = dialect.name === "pglite" && !runsAll() && "--full runs it";
  it("begins a project that migrates and passes its tests", { skip }, async () => {
    const args = ["--template", "api", "--database", DATABASES[dialect.name]];
    if (dialect.name === "sqlite" || dialect.name === "pglite") {
      await withProject(async (project) => {
        await init(project, args);
        await assertWorks(project, undefined);
        await assertTypes(project);
      });
    } else {
      await withDatabase(dialect, async ({ project, url }) => {
        // The configuration of the test stands in its way.
        await run(["rm", "kysera.config.json"], project.folder);
        await init(project, args);
        await assertWorks(project, url);
        await assertTypes(project);
      });
    }
  });
});

describe("kysera init", () => {
  it("begins a basic project without plugins, in a folder of its own, with a repository", async () => {
    await withProject(async (project) => {
      const options = ["--plugins", "none", "--no-install", "--runtime", "node"];
      const { code, stdout, stderr } = await project.kysera(["init", "my Shop", ...options]);
      assert.equal(code, 0, stderr);
      assert.match(
        stdout,
        /^What comes next:\n {2}cd "my Shop"\n {2}npm install\n {2}npm run migrate\n/,
      );
      const manifest = JSON.parse(await project.read("my Shop/package.json"));
      assert.equal(manifest.name, "my-shop");
      assert.equal(manifest.dependencies["hono"], undefined);
      assert.equal(manifest.dependencies["@kysera/timestamps"], undefined);
      assert.match(await project.read("my Shop/.git/HEAD"), /ref/);
      assert.match(await project.read("my Shop/.gitignore"), /^\.env\nnode_modules\/\n\*\.db\n/);
      assert.doesNotMatch(await project.read("my Shop/migrations/001_create_users.ts"), /_at/);
    });
  });

  it("adds to a project what is missing, and overwrites nothing", async () => {
    await withProject(async (project) => {
      const manifest = {
        name: "mine",
        type: "module",
        scripts: { test: "my test" },
        dependencies: { kysely: "0.28.17", left: "1.0.0" },
      };
      await project.write("package.json", JSON.stringify(manifest));
      await project.write("src/users.ts", "export const mine = 1;\n");
      await project.write(".gitignore", "dist");
      const { added, kept, written } = await init(project, ["--runtime", "node"]);
      assert.deepEqual(added, ["package.json", ".gitignore"]);
      assert.deepEqual(kept, ["src/users.ts"]);
      assert.ok(written.includes("kysera.config.ts"));
      const after = JSON.parse(await project.read("package.json"));
      assert.equal(after.name, "mine");
      assert.equal(after.scripts.test, "my test");
      assert.equal(after.scripts.migrate, "kysera migrate up");
      assert.equal(after.dependencies.kysely, "0.28.17");
      assert.equal(after.dependencies.left, "1.0.0");
      assert.ok("@kysera/executor" in after.dependencies);
      assert.equal(await project.read("src/users.ts"), "export const mine = 1;\n");
      assert.match(await project.read(".gitignore"), /^dist\n\.env\n/);
      const again = await init(project, ["--runtime", "node"]);
      assert.deepEqual([again.added, again.written], [[], []]);
    });
  });

  it("writes projects for each runtime, and refuses what is none", async () => {
    await withProject(async (project) => {
      for (const runtime of ["deno", "node", "bun"]) {
        for (const database of ["sqlite", "postgres"]) {
          const name = `${runtime}-${database}`;
          const { folder, steps } = await init(project, [
            ...[name, "--runtime", runtime, "-d", database, "-t", "api"],
            ...runtime === "node" ? ["--package-manager", "pnpm"] : [],
          ]);
          assert.equal(basename(folder), name);
          const manager = runtime === "node" ? "pnpm" : runtime;
          assert.equal(steps[1], `${manager} install`);
          const main = await project.read(join(name, "src/main.ts"));
          assert.match(
            main,
            { deno: /Deno\.serve/, node: /hono\/node-server/, bun: /Bun\.serve/ }[
              runtime
            ]!,
          );
          const source = await project.read(join(name, "src/database.ts"));
          const isBun = runtime === "bun" && database === "sqlite";
          assert.equal(source.includes("bun:sqlite"), isBun);
        }
      }
      const wrong = await project.json(["init", "x", "--plugins", "rsl"]);
      assert.equal(wrong.code, 2);
      assert.equal((await project.json(["init", "x", "--database", "oracle"])).code, 2);
      await project.write("y/package.json", "{ not JSON");
      const broken = await project.json(["init", "y", "--runtime", "node", "--no-install"]);
      assert.equal(broken.code, 1);
      await assert.rejects(project.read("y/kysera.config.ts"));
    });
  });

  it("begins what bunx is told to begin for Bun, which runs its scripts", async () => {
    await withProject(async (project) => {
      const env = { npm_config_user_agent: "bun/1.4.5 npm/? node/v26.3.0 linux x64" };
      const begin = async (name: string, env: Record<string, string>) =>
        (await project.json(["init", name, "--no-install", "--no-git"], { env })).data;
      const own = "deno" in process.versions ? "deno" : "bun" in process.versions ? "bun" : "node";
      assert.equal((await begin("plain", { npm_config_user_agent: "npm/11" })).runtime, own);
      const { runtime } = await begin("bunx", env);
      assert.equal(runtime, own === "deno" ? "deno" : "bun");
      await init(project, ["bun", "--runtime", "bun"]);
      const { scripts } = JSON.parse(await project.read("bun/package.json"));
      assert.equal(scripts.migrate, "bunx --bun kysera migrate up");
    });
  });

  it("tells assistants how to work on the project, where that is wanted", async () => {
    await withProject(async (project) => {
      const begin = (...args: string[]) => init(project, ["--runtime", "node", ...args]);
      assert.ok(!(await begin("plain")).written.includes("AGENTS.md"));
      assert.ok((await begin("both", "--agents")).written.includes("AGENTS.md"));
      assert.match(await project.read("both/AGENTS.md"), /softDelete\(\)[\s\S]*updated_at/);
      await begin("none", "--agents", "--plugins", "none", "--template", "api");
      const text = await project.read("none/AGENTS.md");
      assert.doesNotMatch(text, /softDelete|updated_at/);
      assert.match(text, /app\.request\(\)/);
      await project.write("both/AGENTS.md", "Mine");
      assert.ok((await begin("both", "--agents")).kept.includes("AGENTS.md"));
      assert.equal(await project.read("both/AGENTS.md"), "Mine");
    });
  });

  it("says what to do where the project cannot be installed", async () => {
    await withProject(async (project) => {
      const answer = await project.json(["init", "z", "--no-git", "--package-manager", "yarn"], {
        env: { PATH: "/nowhere" },
      });
      assert.equal(answer.code, 1);
      assert.match(answer.error.message, /The project is written/);
    });
  });
});
