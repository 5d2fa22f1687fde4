import assert from "node:assert/strict";
import { relative } from "node:path";
import { describe, it } from "node:test";
import { importsOf, packageName, parseSource, sourceFiles } from "../../scripts/source.ts";
import { members } from "../../scripts/workspace.ts";
import { dialectNamesIn } from "./_dialect_names.ts";

const executor = members().find(({ name }) => name === "@kysera/executor")!;
const files = sourceFiles(executor).map((file) => ({
  path: relative(executor.dir, file),
  source: parseSource(file),
}));
const traits = files.filter(({ path }) => path.startsWith("dialect/"));
const others = files.filter(({ path }) => !path.startsWith("dialect/"));

describe("the executor", () => {
  it("asks for the traits of a dialect, not for its name", () => {
    const found = others.flatMap(({ path, source }) =>
      dialectNamesIn(source).map((place) => `executor/${path}:${place}`)
    );
    assert.deepEqual(found, []);
  });

  it("takes the traits of all dialects from the tables that have each of them", () => {
    const found = others.flatMap(({ path, source }) =>
      importsOf(source)
        .filter(({ specifier }) => /\/dialect\/(?!(?:mod|raw)[.]ts$)/.test(specifier))
        .map(({ specifier }) => `executor/${path} imports ${specifier}`)
    );
    assert.deepEqual(found, []);
  });

  it("has traits that know nothing else of it, nor of each other", () => {
    assert.ok(traits.length >= 5, "there are no files in executor/dialect");
    const found = traits.flatMap(({ path, source }) =>
      importsOf(source)
        .filter(({ specifier }) =>
          specifier.startsWith(".")
            ? path !== "dialect/mod.ts" && !/^[.]\/(?:traits|_\w+)[.]ts$/.test(specifier)
            : !["kysely", "@kysera/core"].includes(packageName(specifier))
        )
        .map(({ specifier }) => `executor/${path} imports ${specifier}`)
    );
    assert.deepEqual(found, []);
  });
});

describe("a name of a dialect is found", () => {
  const found = [
    `if (rules.dialect === "mysql") {}`,
    `if ("mysql" !== dialect) {}`,
    `if (dialect == name) {}`,
    `if (a.dialect === b.dialect) {}`,
    `if ((pass.rules.dialect as string) === name) {}`,
    `switch (rules.dialect) { default: }`,
    `switch (name) { case "postgres": }`,
    `["mysql", other].includes(name)`,
    `new Set(["sqlite"])`,
    `const quotes = { mssql: "[" };`,
    `const quotes = { "mssql": "[" };`,
    `const quotes = { mssql };`,
    "names[`sqlite`]",
    `traits === TRAITS.postgres`,
    `type Name = "mysql" | string;`,
  ];
  for (const text of found) {
    it(`in ${text}`, () => {
      assert.notDeepEqual(dialectNamesIn(parseSource("sample.ts", text)), []);
    });
  }

  const passed = [
    `const { dialect } = rules;`,
    `TRAITS[dialect].identifiers`,
    `if (options.dialect !== undefined) {}`,
    `const name = dialect ?? "postgres";`,
    `import { Pool } from "postgres-pool";`,
    `// MySQL: dialect === "mysql"`,
  ];
  for (const text of passed) {
    it(`not in ${text}`, () => {
      assert.deepEqual(dialectNamesIn(parseSource("sample.ts", text)), []);
    });
  }

  it("at its line", () => {
    const source = parseSource("sample.ts", `const a = 1;\nif (dialect === "mysql") {}`);
    assert.deepEqual(dialectNamesIn(source), [`2: dialect === "mysql"`]);
  });
});
