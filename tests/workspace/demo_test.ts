import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { runDemo } from "../../examples/demo/demo.ts";
import { Screen } from "../../examples/demo/screen.ts";
import { steps } from "../../examples/demo/steps.ts";
import { ROOT } from "../../scripts/workspace.ts";

const ALIAS = `
2. A table under an alias
The condition names the reference as the query does.
┌──────────────────────────────────────┬──────────────────────────────────────┐
│ You write                            │ The database runs                    │
│   select "b"."id", "b"."title"       │   select "b"."id", "b"."title"       │
│   from "books" as "b"                │   from "books" as "b"                │
│   order by "b"."id"                  │ + where "b"."deleted_at" is null     │
│                                      │   order by "b"."id"                  │
├──────────────────────────────────────┼──────────────────────────────────────┤
│ Bare Kysely: 6 rows                  │ The executor: 4 rows                 │
│   id  title                          │   id  title                          │
│   1   Emma                           │   1   Emma                           │
│   2   Persuasion                     │   2   Persuasion                     │
│   3   Frankenstein                   │   3   Frankenstein                   │
│ - 4   The Last Man                   │   6   Middlemarch                    │
│ - 5   Oliver Twist                   │                                      │
│   6   Middlemarch                    │                                      │
└──────────────────────────────────────┴──────────────────────────────────────┘
`;

describe("deno task demo", () => {
  it("shows each step, what was written and what ran, and sums up", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["task", "--quiet", "demo"],
      {
        cwd: ROOT,
        encoding: "utf8",
        env: { ...process.env, COLUMNS: "80", NO_COLOR: "1", FORCE_COLOR: "" },
      },
    );
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(ALIAS), stdout);
    steps.forEach(({ title }, i) => assert.ok(stdout.includes(`\n${i + 1}. ${title}\n`), title));
    assert.match(stdout, /^\d+ steps, \d+ statements\.$/m);
  });

  it("finds no query that bare Kysely answers as the executor does, and one that is refused", async () => {
    const { tally } = await draw({ columns: 80 });
    assert.equal(tally.steps, steps.length);
    assert.equal(tally.compared, steps.filter((step) => "query" in step).length);
    assert.equal(tally.differences, tally.compared);
    assert.equal(tally.refused, 1);
  });

  for (const columns of [40, 80, 200]) {
    it(`stays within a terminal of ${columns} columns`, async () => {
      for (const line of (await draw({ columns })).lines) {
        assert.ok(line.length <= columns, line);
      }
    });
  }

  it("says the same with colours as without", async () => {
    const colored = (await draw({ columns: 80, colors: true })).lines.join("\n");
    const plain = (await draw({ columns: 80 })).lines.join("\n");
    assert.notEqual(stripVTControlCharacters(colored), colored);
    assert.equal(withoutTimes(stripVTControlCharacters(colored)), withoutTimes(plain));
  });
});

async function draw({ columns, colors = false }: { columns: number; colors?: boolean }) {
  const lines: string[] = [];
  const screen = new Screen({ columns, colors, write: (line) => void lines.push(line) });
  const tally = await runDemo(screen);
  return { tally, lines };
}

function withoutTimes(text: string): string {
  return text.replaceAll(/\d\d\.\d\d\dZ'/g, "00.000Z'");
}
