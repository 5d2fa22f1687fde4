import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { freeNames, parseSource } from "../../scripts/source.ts";
import { members, ROOT } from "../../scripts/workspace.ts";

const all = members();
const files = repositoryFiles(".");

describe("the workspace", () => {
  it("has one version for all packages", () => {
    assert.deepEqual([...new Set(all.map(({ version }) => version))], [all[0]!.version]);
  });

  it("names every package after its directory", () => {
    for (const { path, name } of all) {
      assert.equal(name, `@kysera/${path === "." ? "kysera" : basename(path)}`);
    }
  });

  for (const member of all) {
    it(`${member.name} has a main entry, a README and the license`, () => {
      assert.equal(member.exports["."], "./mod.ts");
      assert.equal(member.license, "MIT");
      for (const file of [...Object.values(member.exports), "README.md"]) {
        assert.ok(existsSync(join(member.dir, file)), `${file} is missing`);
      }
    });
  }

  it("has no package.json at its root, which would change how Deno resolves packages", () => {
    assert.equal(existsSync(join(ROOT, "package.json")), false);
  });

  it("lists every directory that is a package", () => {
    // Examples are projects of their own, which use the packages as anybody would.
    const packages = files.filter((file) =>
      basename(file) === "deno.json" && !file.startsWith("examples/")
    );
    const listed = all.map(({ path }) => path === "." ? "deno.json" : `${path}/deno.json`);
    assert.deepEqual(packages.sort(), listed.sort());
  });
});

describe("the tests", () => {
  it("are in files that every runner finds", () => {
    assert.deepEqual(files.filter((file) => /[.](test|spec)[.]\w+$|_spec[.]\w+$/.test(file)), []);
  });

  it("use nothing that only one runtime has, so that all of them can run them", () => {
    const found = files
      .filter((file) => file.endsWith("_test.ts") || file.startsWith("tests/support/"))
      .filter((file) => {
        const names = freeNames(parseSource(join(ROOT, file)));
        return names.has("Deno") || names.has("Bun");
      });
    assert.deepEqual(found, []);
  });
});

/** Every file of the repository, relative to its root; what is built or installed is left out. */
function repositoryFiles(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = directory === "." ? entry.name : `${directory}/${entry.name}`;
    if ([".git", ".tmp", "npm", "coverage"].includes(path) || entry.name === "node_modules") {
      return [];
    }
    return entry.isDirectory() ? repositoryFiles(path) : [path];
  });
}
