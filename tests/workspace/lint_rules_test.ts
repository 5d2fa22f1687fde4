import { LINT_RULES } from "@kysera/migrations/lint";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { LINT_RULES_PAGE, lintRulesPage } from "../../scripts/lint_rules.ts";

describe("docs/lint-rules.md", () => {
  const page = readFileSync(LINT_RULES_PAGE, "utf8");

  it("is what `deno task lint:rules` writes", () => {
    assert.equal(page, lintRulesPage());
  });

  it("has a line for each rule", () => {
    const ids = [...page.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, id]) => id!);
    assert.deepEqual(ids.sort(), LINT_RULES.map(({ id }) => id).sort());
  });
});
