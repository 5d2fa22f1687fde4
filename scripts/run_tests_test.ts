/** Runs the runner, as people do, on a folder of tests that is made for it. */
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "./run.ts";
import { ROOT } from "./workspace.ts";

const begin =
  `import { describe, it } from "node:test";\nimport assert from "node:assert/strict";\n`;
const FILES: Readonly<Record<string, string>> = {
  "passes_test.ts": `${begin}
    describe("good [sqlite]", () => {
      it("passes", () => console.log("never shown"));
    });`,
  "fails_test.ts": `${begin}
    import { fuzzSeed } from ${JSON.stringify(join(ROOT, "tests", "support", "random.ts"))};
    describe("bad [sqlite]", () => {
      it("fails", () => {
        console.log("said before it failed, by " + fuzzSeed().seed);
        assert.equal(1, 2);
      });
      it("passes", () => {});
    });`,
  "hangs_test.ts": `${begin}
    describe("slow", () => {
      it("hangs", () => new Promise(() => setInterval(() => {}, 1000)));
      it("goes on", () => {});
    });`,
  "spins_test.ts": `${begin}
    describe("stuck", () => {
      it("spins", () => { for (;;); });
      it("does not run", () => {});
    });`,
  "skips_test.ts": `${begin}
    it("is skipped", { skip: "there is no moon" }, () => {});
    it.skip("is skipped, too", () => {});`,
  "breaks_test.ts": `${begin}
    it("passes", () => {});
    throw new Error("on the way");`,
  "page.md": "# Page\n\n```ts\nif (1 + 1 !== 3) throw new Error('wrong sum');\n```\n",
};

describe("deno task test", () => {
  let directory: string;
  let output: string;
  let code: number;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "kysera-runner-"));
    for (const [file, text] of Object.entries(FILES)) writeFileSync(join(directory, file), text);
    ({ output, code } = await runner("--no-check", "--limit", "3", directory));
  });
  after(() => rmSync(directory, { recursive: true }));

  function runner(...args: string[]) {
    return run([process.execPath, "run", "-A", join(ROOT, "scripts", "run_tests.ts"), ...args], {
      env: {
        // No server is started: nobody asks for one.
        KYSERA_TEST_POSTGRES_URL: "postgres://nowhere",
        KYSERA_TEST_MYSQL_URL: "mysql://nowhere",
        ...process.env,
        KYSERA_FUZZ_SEED: "42",
        KYSERA_TEST_SCALE: "short",
        KYSERA_REQUIRE_ALL_DIALECTS: "",
        NO_COLOR: "1",
      },
    });
  }

  /** The part of the report about a test. */
  function failure(file: string, title: string): string {
    const start = output.indexOf(`FAILED ${join(directory, file)}\n  ${title}`);
    assert.ok(start >= 0, output);
    return output.slice(start, output.indexOf("\nFAILED", start + 1));
  }

  it("prints a line for each file, and the numbers at the end", () => {
    const lines = output.split("\n");
    const line = (file: string) =>
      lines.find((text) => text.includes(`${join(directory, file)}  `));
    assert.match(line("passes_test.ts")!, /^ +\d\/7 {2}\S+ +1 passed +\d+\.\d s$/);
    assert.match(line("fails_test.ts")!, / 1 passed, 1 failed {2}\d+\.\d s {2}FAILED$/);
    assert.match(line("skips_test.ts")!, / 2 skipped /);
    assert.match(output, /\n4 passed, 5 failed\n$/);
    assert.equal(code, 1);
  });

  it("shows what failed in full, with the command that repeats it", () => {
    const text = failure("fails_test.ts", "bad [sqlite] > fails");
    assert.match(text, /1 !== 2/);
    assert.match(text, /fails_test\.ts:\d+:\d+/);
    assert.match(text, /said before it failed, by 42/);
    const command = `task test ${join(directory, "fails_test.ts")} --filter "bad [sqlite]"`;
    assert.ok(text.includes(command), text);
    assert.match(text, /Repeat: KYSERA_FUZZ_SEED=42 /);
    assert.ok(!output.includes("never shown"));
  });

  it("names a test that hangs, and goes on", () => {
    assert.match(failure("hangs_test.ts", "slow > hangs"), /did not end within 3 s/);
    assert.match(output, /hangs_test\.ts +1 passed, 1 failed/);
    assert.match(failure("spins_test.ts", "stuck > spins"), /did not end within 3 s/);
  });

  it("counts a file that breaks, and an example that throws", () => {
    assert.match(failure("breaks_test.ts", "  A promise was rejected"), /on the way/);
    assert.match(output, /page\.md#3-6\.ts\n +Error: wrong sum/);
  });

  it("says why tests were skipped, what was slowest, and which dialects ran", () => {
    assert.match(output, /Skipped: 2\n/);
    assert.match(output, /\n +1 {2}there is no moon \(\S+skips_test\.ts\)\n/);
    assert.match(output, /\n +1 {2}no reason is given \(\S+skips_test\.ts\)\n/);
    assert.match(output, /Slowest:\n +\d+\.\d s {2}\S+spins_test\.ts\n/);
    assert.match(output, /Dialects:\n {2}sqlite +3 tests\n/);
  });

  it("hands a filter on, and says when it matches nothing", async () => {
    const some = await runner(
      "--no-check",
      "--filter",
      "good",
      join(directory, "{passes,fails,spins}_test.ts"),
    );
    assert.match(some.output, /^1 passed, 0 failed$/m);
    assert.equal(some.code, 0);
    const none = await runner(
      "--no-check",
      "--filter",
      "nowhere",
      join(directory, "skips_test.ts"),
    );
    assert.match(none.output, /There is no such test/);
    assert.equal(none.code, 1);
  });

  it("refuses what is not there", async () => {
    const { output, code } = await runner("nowhere_test.ts");
    assert.match(output, /There is no file or folder "nowhere_test\.ts"/);
    assert.equal(code, 2);
  });
});
