import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ColumnFacts, readCheck } from "./_check_facts.ts";

/** What is known of each column, without what is not. */
function factsOf(expression: string): Record<string, ColumnFacts> | undefined {
  const facts = readCheck(expression);
  return facts === undefined ? undefined : JSON.parse(JSON.stringify(Object.fromEntries(facts)));
}

describe("readCheck()", () => {
  const cases: readonly (readonly [string, Record<string, ColumnFacts> | undefined])[] = [
    ["age >= 18 and age < 150", { age: { min: 18, below: 150 } }],
    ["(age >= 18) AND ((age < 150))", { age: { min: 18, below: 150 } }],
    ["0 < price", { price: { above: 0 } }],
    ["((price > (0)::numeric))", { price: { above: 0 } }],
    ["temperature > -273.15", { temperature: { above: -273.15 } }],
    ["n between 1 and 9 and m = 2", { n: { min: 1, max: 9 }, m: { values: [2] } }],
    ["`status` in ('a','it''s')", { status: { values: ["a", "it's"] } }],
    ["status = 'a' or status = 'b' or status in ('c')", { status: { values: ["a", "b", "c"] } }],
    [
      "((status)::text = ANY ((ARRAY['a'::character varying(20), 'b'::character varying])::text[]))",
      { status: { values: ["a", "b"] } },
    ],
    ["(kind = ANY (ARRAY['a'::text, 'b'::text]))", { kind: { values: ["a", "b"] } }],
    ["`status` = _utf8mb4'a'", { status: { values: ["a"] } }],
    ["length(name) > 3 and char_length([name]) <= 20", { name: { minLength: 4, maxLength: 20 } }],
    ["json_valid(`settings`)", { settings: { isJson: true } }],
    ["name is not null and kind <> 'x'", { name: {}, kind: {} }],
    // What else it may say is not guessed.
    ["age >= 18 or age is null", undefined],
    ["a < b", undefined],
    ["email like '%@%'", undefined],
    ["VALUE ~ '^a'::text", undefined],
    ["lower(name) = name", undefined],
    ["status in (select 1)", undefined],
    ["name = 'it\\'s'", undefined],
    ["(((", undefined],
    ["", undefined],
  ];
  for (const [expression, facts] of cases) {
    it(`reads ${expression || "nothing"}`, () => assert.deepEqual(factsOf(expression), facts));
  }

  it("gives up on what is long, at once", () => {
    assert.equal(readCheck("(".repeat(100_000)), undefined);
    assert.equal(readCheck(`'${"''".repeat(50_000)}`), undefined);
  });
});
