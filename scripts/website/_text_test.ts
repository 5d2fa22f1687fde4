import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changeProse, sectionsOf, slug, withoutTestMarks } from "./_text.ts";

describe("slug()", () => {
  it("names headings as GitHub does", () => {
    assert.equal(slug("`kysera migrate`"), "kysera-migrate");
    assert.equal(
      slug("Who the caller is: bindContext, context"),
      "who-the-caller-is-bindcontext-context",
    );
  });
});

describe("changeProse()", () => {
  it("leaves code alone", () => {
    const text = "a `a` a\n\n```ts\na\n```\na";
    assert.equal(
      changeProse(text, (prose) => prose.replaceAll("a", "b")),
      "b `a` b\n\n```ts\na\n```\nb",
    );
  });
});

describe("sectionsOf()", () => {
  it("ends a section where one of its level begins, and takes no comment of a shell for one", () => {
    const sections = sectionsOf("# A\n## B\n```sh\n# no\n```\n### C\n## D\n");
    assert.deepEqual(sections.map(({ anchor, start, end }) => [anchor, start, end]), [
      ["a", 0, 8],
      ["b", 1, 6],
      ["c", 5, 6],
      ["d", 6, 8],
    ]);
  });
});

describe("withoutTestMarks()", () => {
  it("removes setups, checks and marks, and keeps other comments and blocks", () => {
    const text = [
      "<!-- setup",
      "```ts",
      "const a = 1; // -->",
      "```",
      "-->",
      "",
      "<!-- continues -->",
      "",
      "```ts ignore",
      "a;",
      "```",
      "",
      "<!-- check",
      "```ts",
      "a;",
      "```",
      "-->",
      "",
      "End.",
    ].join("\n");
    assert.equal(withoutTestMarks(text).trim(), "```ts\na;\n```\n\nEnd.");
  });
});
