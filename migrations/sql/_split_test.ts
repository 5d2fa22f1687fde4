import type { Dialect } from "@kysera/core";
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fuzzRuns } from "../../tests/support/random.ts";
import { LEXES } from "./_lexis.ts";
import { splitScript } from "./_split.ts";

const statements = (script: string, dialect: Dialect) =>
  [...splitScript(script, LEXES[dialect])].flatMap((part) =>
    part.kind === "statement" ? [part.sql] : []
  );

describe("splitScript()", () => {
  const all: readonly Dialect[] = ["postgres", "mysql", "sqlite"];
  const cases: [string, readonly Dialect[], string, string[]][] = [
    ["semicolons", all, "select 1; select 2;;\n;select 3", ["select 1", "select 2", "select 3"]],
    ["nothing", all, " \n-- a;b\n/* c; */;", []],
    ["strings", all, "insert into t values ('a;b''c;', 1); select 2", [
      "insert into t values ('a;b''c;', 1)",
      "select 2",
    ]],
    ["comments", all, "select 1 -- a;b\n, 2 /* c;d */; select 3 -- e;f", [
      "select 1 -- a;b\n, 2 /* c;d */",
      "select 3",
    ]],
    ["names", ["postgres", "sqlite"], `select ";" from "a;""b"; select 2`, [
      `select ";" from "a;""b"`,
      "select 2",
    ]],
    ["names", ["mysql", "sqlite"], "select `;` from `a;``b`; select 2", [
      "select `;` from `a;``b`",
      "select 2",
    ]],
    ["brackets", ["sqlite"], "select [a;b]; select 2", ["select [a;b]", "select 2"]],
    ["dollar quotes", ["postgres"], "do $$ begin; end $$; do $x$ $$;$ $x$; select a$b$c;", [
      "do $$ begin; end $$",
      "do $x$ $$;$ $x$",
      "select a$b$c",
    ]],
    ["parameters", ["postgres"], "prepare p as select $1; select 2", [
      "prepare p as select $1",
      "select 2",
    ]],
    ["escapes", ["postgres"], String.raw`select E'a\';b', 'c\'; select 2`, [
      String.raw`select E'a\';b', 'c\'`,
      "select 2",
    ]],
    ["escapes", ["mysql"], String.raw`select 'a\';b', "c\";d"; select 2`, [
      String.raw`select 'a\';b', "c\";d"`,
      "select 2",
    ]],
    ["comments in comments", ["postgres"], "/* a /* b; */ c; */ select 1; select 2", [
      "select 1",
      "select 2",
    ]],
    ["comments with #", ["mysql"], "select 1 # a;b\n; select 5--1; select 2", [
      "select 1 # a;b",
      "select 5--1",
      "select 2",
    ]],
    ["executable comments", ["mysql"], "/*!40101 set names utf8 */; select 1", [
      "/*!40101 set names utf8 */",
      "select 1",
    ]],
    [
      "triggers",
      ["sqlite"],
      `create trigger a after insert on t begin
        update t set a = case when a = 1 then 2 else 3 end; delete from u;
      end; select 1`,
      [
        `create trigger a after insert on t begin
        update t set a = case when a = 1 then 2 else 3 end; delete from u;
      end`,
        "select 1",
      ],
    ],
    [
      "temporary triggers",
      ["sqlite"],
      "create temp trigger a after insert on t begin select 1; end",
      [
        "create temp trigger a after insert on t begin select 1; end",
      ],
    ],
    ["transactions", ["sqlite", "postgres"], "begin; insert into t values (1); end; select 1", [
      "begin",
      "insert into t values (1)",
      "end",
      "select 1",
    ]],
    [
      "bodies of functions",
      ["postgres"],
      "create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 3",
      [
        "create function f() returns int begin atomic select 1; select case when true then 2 end; end",
        "select 3",
      ],
    ],
    [
      "routines without a delimiter",
      ["mysql"],
      `create procedure p() begin
        if 1 then select 1; end if;
        case when 1 then select 2; end case;
        while 0 do begin select 3; end; end while;
        set @a = case 1 when 1 then 2 end;
      end; select 4`,
      [
        `create procedure p() begin
        if 1 then select 1; end if;
        case when 1 then select 2; end case;
        while 0 do begin select 3; end; end while;
        set @a = case 1 when 1 then 2 end;
      end`,
        "select 4",
      ],
    ],
    [
      "delimiters",
      ["mysql"],
      `delimiter //
create trigger a before insert on t for each row begin set @a = ';'; end//
create procedure p() select 1//
DELIMITER ;
select 2;`,
      [
        "create trigger a before insert on t for each row begin set @a = ';'; end",
        "create procedure p() select 1",
        "select 2",
      ],
    ],
    ["$$ as a delimiter", ["mysql"], "delimiter $$\nselect 1; select 2$$\ndelimiter ;\nselect 3", [
      "select 1; select 2",
      "select 3",
    ]],
    ["text that is not closed", all, "select 1; select 'a;b", ["select 1", "select 'a;b"]],
  ];
  for (const [name, dialects, script, wanted] of cases) {
    for (const dialect of dialects) {
      it(`splits ${name} [${dialect}]`, () => {
        assert.deepEqual(statements(script, dialect), wanted);
      });
    }
  }

  it("tells the line that a statement begins in", () => {
    const parts = [...splitScript("-- a\nselect\n1;\n\n  select 2;", LEXES.sqlite)];
    assert.deepEqual(parts.map(({ kind, line }) => [kind, line]), [
      ["comment", 1],
      ["statement", 2],
      ["statement", 5],
    ]);
  });

  it("finds again what was joined, whatever is in strings, names and comments", () => {
    const piece = fc.oneof(
      fc.constantFrom("select", "1", "a", "(", ")", ",", "-", "/", "e", "x1", "end", "case"),
      fc.string({ maxLength: 6 }).map((text) => `'${text.replaceAll(/['\\]/g, "")}'`),
      fc.string({ maxLength: 6 }).map((text) => `/*${text.replaceAll(/[*/!M]/g, "")}*/`),
      fc.string({ maxLength: 6 }).map((text) => `-- ${text.replaceAll(/[\r\n]/g, "")}\n`),
    );
    const statement = fc.array(piece, { minLength: 1, maxLength: 6 })
      .map((pieces) => `select ${pieces.join(" ")} x`);
    for (const dialect of all) {
      fc.assert(
        fc.property(fc.array(statement, { maxLength: 4 }), (wanted) => {
          assert.deepEqual(statements(wanted.join(";\n"), dialect), wanted);
        }),
        { numRuns: fuzzRuns(400) },
      );
    }
  });

  it("takes time that grows with the length alone", () => {
    for (const dialect of all) {
      for (const text of ["$a", "'", "/*", "begin ", "-- ;\n", "create trigger ", "e'\\", ";"]) {
        const script = text.repeat(40_000);
        const start = performance.now();
        for (const _ of splitScript(script, LEXES[dialect]));
        assert.ok(performance.now() - start < 4_000, `${JSON.stringify(text)} in ${dialect}`);
      }
    }
  });
});
