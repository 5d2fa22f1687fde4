import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareVersions, problemsOf, type ReleaseState, sectionOf, stepsOf } from "./plan.ts";

const CHANGELOG = "# Changelog\n\n## 1.1.0\n\n- **Added** a thing.\n\n## 1.0.0\n\n- First.\n";

function state(other: Partial<ReleaseState> = {}): ReleaseState {
  return {
    members: ["@kysera/core", "@kysera/rls"].map((name) => ({
      name,
      path: name.slice(8),
      version: "1.1.0",
      bin: {},
    })),
    changelog: CHANGELOG,
    branch: "main",
    isDirty: false,
    tags: ["v1.0.0"],
    commit: "b",
    commitOf: (tag) => tag === "v1.0.0" ? "a" : undefined,
    onNpm: new Set(),
    ...other,
  };
}

describe("a release", () => {
  it("is possible where versions, changelog, branch and tags are in order", () => {
    assert.deepEqual(problemsOf(state()), []);
    assert.deepEqual(problemsOf(state({ tags: ["v1.1.0"], commitOf: () => "b" })), []);
  });

  const members = [
    { name: "@kysera/core", path: "core", version: "1.1.0", bin: {} },
    { name: "@kysera/rls", path: "rls", version: "1.0.9", bin: {} },
  ];
  const odd = [{ name: "@kysera/core", path: "core", version: "next", bin: {} }];
  const wrong: readonly (readonly [string, Partial<ReleaseState>, RegExp])[] = [
    ["a package has another version", { members }, /@kysera\/rls has version 1\.0\.9/],
    ["the version is not one", { members: odd }, /"next" is not a version/],
    ["another branch is checked out", { branch: "fix" }, /the branch is "fix"/],
    ["something is not committed", { isDirty: true }, /not committed/],
    ["the changelog is silent", { changelog: "## 1.1.0\n\n## 1.0.0\n\n- x" }, /no entries under/],
    ["the tag is another commit's", { tags: ["v1.1.0"], commitOf: () => "a" }, /another commit/],
    ["a newer version is there", { tags: ["v1.10.0"] }, /version 1\.10\.0 is newer/],
  ];
  for (const [title, other, message] of wrong) {
    it(`is refused where ${title}`, () => {
      assert.match(problemsOf(state(other)).join("\n"), message);
    });
  }

  it("builds, publishes, and sets the tag last", () => {
    assert.deepEqual(stepsOf(state()).map(({ command }) => command.join(" ")), [
      "deno task build:npm",
      "deno publish",
      "npm publish kysera-core-1.1.0.tgz --access public --provenance",
      "npm publish kysera-rls-1.1.0.tgz --access public --provenance",
      "git tag v1.1.0",
      "git push origin v1.1.0",
    ]);
  });

  it("goes on where it was stopped", () => {
    const left = stepsOf(state({ onNpm: new Set(["@kysera/core"]), tags: ["v1.1.0"] }));
    assert.deepEqual(left.map(({ title }) => title), [
      "npm packages are built",
      "JSR gets all packages",
      "npm gets @kysera/rls",
      "v1.1.0 is pushed",
    ]);
  });
});

it("the section of a version ends where the next one begins", () => {
  assert.equal(sectionOf(CHANGELOG, "1.1.0"), "- **Added** a thing.");
  assert.equal(sectionOf(CHANGELOG, "1.0.0"), "- First.");
  assert.equal(sectionOf(CHANGELOG, "1.0"), undefined);
});

it("versions are compared as semver.org says", () => {
  const sorted = ["1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta", "1.0.0", "1.0.2", "1.0.10"];
  for (let i = 1; i < sorted.length; i++) {
    assert.ok(compareVersions(sorted[i - 1]!, sorted[i]!) < 0, sorted[i]!);
    assert.ok(compareVersions(sorted[i]!, sorted[i - 1]!) > 0, sorted[i]!);
  }
});
