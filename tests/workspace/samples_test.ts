import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../../scripts/workspace.ts";
import { markdownFiles } from "./_markdown.ts";
import { programsOf, samplesOf } from "./_samples.ts";

const setup = "<!-- setup\n```ts\nconst a = 1;\n```\n-->\n";
const fragment = "```ts ignore\nassert.equal(a, 1);\n```\n";

describe("samplesOf()", () => {
  it("leaves whole programs to deno test --doc", () => {
    const [sample] = samplesOf("# Title\n\n```ts\nconst a = 1;\n```\n");
    assert.deepEqual(sample, {
      line: 4,
      code: "const a = 1;",
      whole: true,
      continues: false,
      typesOnly: false,
    });
  });

  it("lets a fragment follow a hidden setup, and a hidden check a fragment", () => {
    const check = "\n<!-- check\n```ts\nassert.ok(a);\n```\n-->\n";
    const samples = samplesOf(`${setup}\n${fragment}${check}`);
    assert.deepEqual(samples.map(({ line, continues }) => [line, continues]), [
      [3, false],
      [8, true],
      [13, true],
    ]);
  });

  it("refuses a fragment that nothing says how to run", () => {
    const message = /^Cannot run the sample at line 2: it is marked "ignore"/;
    assert.throws(() => samplesOf(fragment), { message });
    assert.throws(() => samplesOf(`<!-- a remark -->\n${fragment}`), /line 3/);
    assert.throws(() => samplesOf(`${setup}\nWords.\n\n${fragment}`), /line 10/);
  });

  it("takes no other language for a sample", () => {
    assert.deepEqual(samplesOf("```sh\nls\n```\n\n```\n```ts\n```\n"), []);
  });
});

describe("programsOf()", () => {
  it("keeps the numbers of the lines", () => {
    const text = `Words.\n\n${setup}\n${fragment}`;
    const [program] = programsOf("README.md", samplesOf(text));
    const lines = program!.text.split("\n");
    assert.equal(lines[4], "const a = 1;");
    assert.equal(lines[9], "assert.equal(a, 1);");
  });

  it("lets a fragment import and name again what the one before did", () => {
    const again = '```ts\nimport { a, type B } from "m";\nconst c = 1;\n```\n';
    const text = `${again}\n<!-- continues -->\n\n${again.replace("ts", "ts ignore")}`;
    const [program] = programsOf("README.md", samplesOf(text));
    assert.equal(program!.text.match(/import \{ a \} from "m"/g)?.length, 1);
    assert.equal(program!.text.match(/import \{ type B \} from "m"/g)?.length, 1);
    assert.match(program!.text, /\{\n\nconst c = 1;\n( \{)?/);
  });

  it("refuses a fragment that continues nothing", () => {
    const samples = samplesOf(`<!-- continues -->\n\n${fragment}`);
    assert.throws(() => programsOf("README.md", samples), { message: /nothing comes before/ });
  });
});

describe("the fragments in Markdown files", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "kysera-samples-"));
    for (const { path, text } of programs) writeFileSync(join(directory, path), text);
  });
  after(() => rmSync(directory, { recursive: true }));

  const programs = markdownFiles().flatMap((file) =>
    programsOf(file, samplesOf(readFileSync(join(ROOT, file), "utf8")))
      .map(({ line, text }) => ({
        file,
        path: `${file.replaceAll("/", "_")}_line_${line}_test.ts`,
        text,
      }))
  );

  /** Runs Deno on programs; those of one call share the time that reading the packages takes. */
  function deno(command: readonly string[], paths: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...command,
        ...["--config", join(ROOT, "deno.json"), "--no-lock"],
        ...paths.map((path) => join(directory, path)),
      ],
      { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    assert.equal(status, 0, `${stdout}\n${stderr}`);
  }

  it("have the right types", () => {
    deno(["check"], programs.map(({ path }) => path));
  });

  for (const [file, own] of Map.groupBy(programs, (program) => program.file)) {
    it(`of ${file} run`, () => deno(["test", "-A", "--no-check"], own.map(({ path }) => path)));
  }
});
