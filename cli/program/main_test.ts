import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { createProject, withProject } from "../_testing/program.ts";
import { VERSION } from "../contract/_version.ts";

describe("kysera", () => {
  const kysera = async (...args: string[]) => {
    const project = createProject();
    try {
      return await project.kysera(args);
    } finally {
      project.remove();
    }
  };

  it("prints its version", async () => {
    assert.deepEqual(await kysera("--version"), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  it("has the version of its package", () => {
    const manifest = new URL("../deno.json", import.meta.url);
    let text: string;
    try {
      text = readFileSync(manifest, "utf8");
    } catch {
      // Only the repository has it: the build takes the version of the npm package from there.
      return;
    }
    assert.equal(JSON.parse(text).version, VERSION);
  });

  it("prints its help where it is asked for, and where nothing is", async () => {
    const help = await kysera("--help");
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^Usage: kysera/);
    assert.match(help.stdout, /migrate/);
    const nothing = await kysera();
    assert.deepEqual(nothing, { code: 2, stdout: "", stderr: help.stdout });
  });

  it("prints the help of a group, and that of a command", async () => {
    const group = await kysera("migrate", "--help");
    assert.match(group.stdout, /up\|latest\s+Apply the migrations/);
    const command = await kysera("migrate", "up", "--help");
    assert.match(command.stdout, /--steps <number>/);
    assert.match(command.stdout, /\nExamples:\n {2}kysera migrate up /);
    assert.deepEqual(await kysera("help", "migrate", "up"), command);
    assert.equal((await kysera("migrate")).code, 2);
  });

  it("refuses what does not exist, and says what may be meant", async () => {
    for (
      const [args, message] of [
        [["migrat"], 'Unknown command "migrat" (did you mean migrate?)\nSee `kysera --help`.\n'],
        [
          ["migrate", "upp"],
          'Unknown command "upp" (did you mean up?)\nSee `kysera migrate --help`.\n',
        ],
        [
          ["migrate", "up", "--dryrun"],
          'Unknown option "--dryrun" (did you mean --dry-run?)\nSee `kysera migrate up --help`.\n',
        ],
        [
          ["migrate", "up", "--steps", "x"],
          '--steps has to be a whole number from 1 on, not "x"\n',
        ],
        [
          ["migrate", "up", "more"],
          'Too many arguments for "up". Expected 0 arguments but got 1.\nSee `kysera migrate up --help`.\n',
        ],
      ] as const
    ) {
      assert.deepEqual(await kysera(...args), { code: 2, stdout: "", stderr: message });
    }
  });

  it("answers in JSON even where the command line is wrong", async () => {
    await withProject(async (project) => {
      const answer = await project.json(["migrate", "up", "--dryrun"]);
      assert.equal(answer.code, 2);
      assert.equal(answer.ok, false);
      assert.deepEqual(answer.error, {
        code: "CLI_USAGE",
        message: 'Unknown option "--dryrun" (did you mean --dry-run?)',
        hint: "See `kysera migrate up --help`.",
      });
    });
  });

  it("shows stacks when it is asked to, and colors where they are forced", async () => {
    await withProject(async (project) => {
      const plain = await project.kysera(["migrate", "status"]);
      assert.equal(plain.stderr.split("\n").length, 3, plain.stderr);
      const verbose = await project.kysera(["migrate", "status", "--verbose"]);
      assert.match(verbose.stderr, /\n\s+at /);
      await project.write("migrations/001_a.sql", "create table a (id integer);");
      const status = ["migrate", "status", "--url", "sqlite:app.db"];
      const escape = String.fromCharCode(27);
      const env = { FORCE_COLOR: "1" };
      assert.ok(!(await project.kysera(status)).stdout.includes(escape));
      assert.ok((await project.kysera(status, { env })).stdout.includes(escape));
      assert.ok(
        !(await project.kysera([...status, "--no-color"], { env })).stdout.includes(escape),
      );
    });
  });
});
