import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { attribute, type AttributedToken } from "./attribute.ts";
import { linesOf } from "./lines.ts";
import { tokensOf } from "./tokens.ts";

const WRITTEN = `select "p"."title" from "posts" as "p" where "p"."id" > $1`;
const SOFT = `${WRITTEN} and "p"."deleted_at" is null`;
const BOTH = `select "p"."title" from "posts" as "p" where "p"."tenant_id" = $1 ` +
  `and "p"."id" > $2 and "p"."deleted_at" is null`;

describe("tokensOf()", () => {
  it("keeps qualified names, strings and parameters whole", () => {
    const tokens = tokensOf(
      `select "a"."b", 'it''s' from "t""x" where c->>'d' = $12 and e>=1.5`,
    );
    assert.deepEqual(tokens.map(({ text }) => text), [
      ...[
        "select",
        `"a"."b"`,
        ",",
        "'it''s'",
        "from",
        `"t""x"`,
        "where",
        "c",
        "->>",
        "'d'",
      ],
      ...["=", "$12", "and", "e", ">=", "1.5"],
    ]);
  });

  it("loses nothing but white space", () => {
    for (
      const sql of [WRITTEN, BOTH, `insert into "t" values (?, 'ä', "ö") -- x`]
    ) {
      const text = tokensOf(sql).map(({ text, spaced }) => (spaced ? " " : "") + text).join("");
      assert.equal(text, sql);
    }
  });
});

describe("attribute()", () => {
  it("names the plugin of each token that was added", () => {
    const { before, after } = attribute([
      { plugin: undefined, sql: WRITTEN },
      { plugin: "soft-delete", sql: SOFT },
      { plugin: "rls", sql: BOTH },
    ]);
    assert.equal(
      after.map(textOf).join(" "),
      tokensOf(BOTH).map(textOf).join(" "),
    );
    assert.deepEqual(of(after, "soft-delete"), [
      "and",
      `"p"."deleted_at"`,
      "is",
      "null",
    ]);
    assert.deepEqual(
      of(after, "rls").sort(),
      ["$1", "=", `"p"."tenant_id"`, "and"].sort(),
    );
    assert.ok(before.every(({ plugin }) => plugin === undefined));
  });

  it("names the plugin of what was taken away", () => {
    const { before, after } = attribute([
      { plugin: undefined, sql: `delete from "posts"` },
      { plugin: "soft-delete", sql: `update "posts" set "deleted_at" = ?` },
      {
        plugin: "timestamps",
        sql: `update "posts" set "deleted_at" = ?, "updated_at" = ?`,
      },
    ]);
    assert.deepEqual(of(before, "soft-delete"), ["delete", "from"]);
    assert.deepEqual(of(after, "timestamps"), [",", `"updated_at"`, "=", "?"]);
    assert.deepEqual(of(after, undefined), [`"posts"`]);
  });

  it("does not blame a plugin for parameters that are numbered anew", () => {
    const { after } = attribute([
      { plugin: undefined, sql: `select $1 where $2` },
      { plugin: "rls", sql: `select $2 where $3` },
    ]);
    assert.deepEqual(of(after, "rls"), []);
  });
});

describe("linesOf()", () => {
  it("begins a line for each clause and operand, and indents subqueries", () => {
    const sql =
      `select "a" from "t" left join "u" on "u"."id" = "t"."id" where "a" between 1 and 2 ` +
      `and exists (select "b" from "v" where "b" = "a") and ("a" = 1 and "b" = 2) order by "a"`;
    assert.deepEqual(shown(sql), [
      `select "a"`,
      `from "t"`,
      `left join "u" on "u"."id" = "t"."id"`,
      `where "a" between 1 and 2`,
      `  and exists (`,
      `    select "b"`,
      `    from "v"`,
      `    where "b" = "a"`,
      `  )`,
      `  and ("a" = 1 and "b" = 2)`,
      `order by "a"`,
    ]);
  });

  it("keeps the words of a clause together", () => {
    const sql = `insert into "t" ("a") values (?) on conflict ("a") do update set "a" = ? ` +
      `where "t"."a" is distinct from ?`;
    assert.deepEqual(shown(sql), [
      `insert into "t" ("a")`,
      `values (?)`,
      `on conflict ("a") do update set "a" = ?`,
      `where "t"."a" is distinct from ?`,
    ]);
    assert.deepEqual(shown(`delete from "t"`), [`delete from "t"`]);
  });
});

function shown(sql: string): string[] {
  const tokens = tokensOf(sql).map((token) => ({
    ...token,
    plugin: undefined,
  }));
  return linesOf(tokens).map(({ level, tokens }) =>
    "  ".repeat(level) +
    tokens.map(({ text, spaced }, i) => (spaced && i > 0 ? " " : "") + text)
      .join("")
  );
}

function of(
  tokens: readonly AttributedToken[],
  plugin: string | undefined,
): string[] {
  return tokens.filter((token) => token.plugin === plugin).map(textOf);
}

function textOf({ text }: { readonly text: string }): string {
  return text;
}
