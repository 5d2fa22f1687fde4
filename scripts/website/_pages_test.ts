import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { writtenPages } from "./_pages.ts";
import { guide } from "./navigation.ts";

describe("writtenPages()", () => {
  const pages = new Map(writtenPages([]).map((page) => [page.path, page]));
  const textOf = (path: string) => pages.get(path)!.text;

  it("includes sections and whole files, without what only tests read", () => {
    assert.match(textOf("guide/rls.md"), /^## Policies$/m);
    assert.doesNotMatch(textOf("guide/rls.md"), /^## In PostgreSQL$/m);
    for (const { path, text } of pages.values()) {
      assert.doesNotMatch(text, /<!-- (?:include|setup|check|continues)/, path);
    }
  });

  it("leads links to the page that includes the text, and else to the repository", () => {
    for (const { path, text } of pages.values()) assert.doesNotMatch(text, /\]\(repository:/, path);
    assert.match(
      textOf("guide/pgbouncer.md"),
      /\]\(\/guide\/migrators#postgresql-behind-pgbouncer/,
    );
    assert.match(textOf("guide/dal.md"), /\]\(https:\/\/github\.com\/|\]\(\/guide\//);
    assert.match(
      textOf("guide/example.md"),
      /\/blob\/main\/examples\/blog-app\/platform\/blog\.ts\)/,
    );
  });

  it("has a page for every entry of the menu that no script makes", () => {
    const missing = guide.flatMap(({ items }) => items)
      .map(({ link }) => link.slice(1).replace(/\/$/, "/index") + ".md")
      .filter((path) => !pages.has(path) && path !== "security/bypass.md");
    assert.deepEqual(missing, []);
  });
});
