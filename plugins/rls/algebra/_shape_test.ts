import {
  DummyDriver,
  expressionBuilder,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shapeOf } from "./_shape.ts";

const eb = expressionBuilder<any, any>();
const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Expressions of one value each. */
const MAKERS: readonly ((value: unknown) => { toOperationNode(): any })[] = [
  (value) => eb("a", "=", value),
  (value) => eb("a", "<>", value),
  (value) => eb("b", "=", value),
  (value) => eb("t.a", "=", value),
  (value) => eb(eb.val(value), "=", eb.ref("a")),
  (value) => eb("a", "in", [value]),
  (value) => eb("a", "in", [value, value]),
  (value) => eb("a", "=", value).and("a", "=", 1),
  (value) => eb.or([eb("a", "=", value), eb("a", "is", null)]),
  (value) => eb.not(eb("a", "=", value)),
  (value) => eb.and([eb("a", "=", value), eb("b", "=", eb.lit(1))]),
  (value) => eb.and([eb("a", "=", value), eb("b", "=", eb.lit(2))]),
  (value) => eb.and([eb("a", "=", value), eb("b", "=", eb.lit(true))]),
  (value) => eb.and([eb("a", "=", value), eb("b", "=", eb.lit(null))]),
  (value) => sql`a = ${value}`,
  (value) => sql`a  = ${value}`,
  (value) => sql`lower(a) = ${value}`,
  (value) => eb.exists(eb.selectFrom("t").select("t.id").where("t.a", "=", value)),
  (value) => eb.exists(eb.selectFrom("t").select("t.id").where("t.a", "=", value).limit(1)),
  (value) => eb(eb.fn("f", ["a"]), "=", value),
  (value) => eb(eb.fn("f", ["a", "b"]), "=", value),
];

describe("shapeOf()", () => {
  it("gives one form to expressions of the same SQL, and another to each other", () => {
    const source = {};
    const forms = new Map<string, string>();
    for (let round = 0; round < 3; round++) {
      for (const make of MAKERS) {
        for (const value of [round, "x", "", true, 10n ** 20n, new Date(0)]) {
          const expression = make(value) as unknown as RawBuilder<unknown>;
          const { form, values } = shapeOf(expression.toOperationNode(), source);
          const { sql: text, parameters } = db.selectNoFrom(expression.as("e")).compile();
          assert.deepEqual(values, parameters, text);
          assert.equal(forms.get(text) ?? form, form, text);
          forms.set(text, form);
        }
      }
    }
    assert.equal(new Set(forms.values()).size, MAKERS.length);
    assert.equal(forms.size, MAKERS.length);
  });

  it("knows a form from that of another function", () => {
    const [one, other] = [eb("a", "=", 1), eb("a", "=", 2)].map((each) =>
      shapeOf(each.toOperationNode(), {})
    );
    assert.equal(one!.form, other!.form);
    assert.deepEqual([one!.values, other!.values], [[1], [2]]);
  });
});
