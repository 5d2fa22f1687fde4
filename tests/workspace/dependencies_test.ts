import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { relative } from "node:path";
import {
  freeNames,
  importsOf,
  packageName,
  parseSource,
  sourceFiles,
} from "../../scripts/source.ts";
import { type Member, members, ROOT } from "../../scripts/workspace.ts";

/** Which package may import which. Arrows point one way. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "@kysera/core": [],
  "@kysera/executor": ["core"],
  "@kysera/dal": ["core", "executor"],
  "@kysera/repository": ["core", "executor", "dal"],
  "@kysera/soft-delete": ["core", "executor"],
  "@kysera/timestamps": ["core", "executor"],
  "@kysera/audit": ["core", "executor"],
  "@kysera/rls": ["core", "executor"],
  "@kysera/infra": ["core", "executor"],
  "@kysera/debug": ["core", "executor"],
  "@kysera/testing": ["core", "executor", "dialects"],
  "@kysera/migrations": ["core", "executor"],
  "@kysera/dialects": ["core"],
  "@kysera/kysera": ["core", "executor", "repository", "dal"],
};
/** Programs, not libraries: they may import anything, but they have to list it. */
const PROGRAMS = ["@kysera/cli"];
/** What only some runtimes have. */
const NOT_PORTABLE = [
  "Deno",
  "Bun",
  "process",
  "Buffer",
  "require",
  "global",
  "window",
  "setImmediate",
  "__dirname",
  "__filename",
];

const all = members();
const libraries = all.filter((member) => !PROGRAMS.includes(member.name));

describe("the packages", () => {
  for (const member of libraries) {
    it(`${member.name} imports only Kysely and the packages before it`, () => {
      const allowed = MAY_IMPORT[member.name];
      assert.ok(allowed, `${member.name} has no row in MAY_IMPORT`);
      const found = eachImport(member).filter(({ specifier }) =>
        !specifier.startsWith(".") && packageName(specifier) !== "kysely" &&
        !allowed.some((name) => packageName(specifier) === `@kysera/${name}`) &&
        !(specifier in member.imports)
      );
      assert.deepEqual(found.map(({ file, specifier }) => `${file} imports ${specifier}`), []);
    });

    it(`${member.name} uses nothing that only one runtime has`, () => {
      const found = sourceFiles(member).flatMap((file) => {
        const names = freeNames(parseSource(file));
        return NOT_PORTABLE
          .filter((name) => names.has(name))
          .map((name) => `${relative(ROOT, file)} uses ${name}`);
      });
      assert.deepEqual(found, []);
    });
  }

  for (const member of all) {
    it(`${member.name} reaches other packages by their names, not by paths`, () => {
      const outside = sourceFiles(member)
        .map((file) => relative(member.dir, file))
        .filter((path) => path.startsWith(".."));
      assert.deepEqual(outside, []);
    });
  }

  it("the core takes nothing but types from Kysely, except to build the queries of pages", () => {
    const core = all.find(({ name }) => name === "@kysera/core")!;
    const values = eachImport(core).filter(({ file, specifier, typeOnly }) =>
      packageName(specifier) === "kysely" && !typeOnly && !file.startsWith("core/pagination/")
    );
    assert.deepEqual(values.map(({ file }) => file), []);
  });
});

function eachImport(
  member: Member,
): { file: string; specifier: string; typeOnly: boolean }[] {
  return sourceFiles(member).flatMap((file) =>
    importsOf(parseSource(file)).map(({ specifier, typeOnly }) => ({
      file: relative(ROOT, file),
      specifier,
      typeOnly,
    }))
  );
}
