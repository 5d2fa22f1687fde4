import fc from "fast-check";
import type { Column, Handle, Query, Select, Write } from "./ast.ts";
import type { Capabilities } from "./capabilities.ts";
import { Draw } from "./draw.ts";
import type { Scope } from "./generate_expr.ts";
import { addCte, generateSelect } from "./generate_select.ts";
import { generateWrite } from "./generate_write.ts";
import { tables } from "./schema.ts";
import { shrinks } from "./shrink.ts";

/** Random queries that a dialect understands; they shrink by their structure. */
export function queries(can: Capabilities): fc.Arbitrary<Query> {
  return new QueryArbitrary(can);
}

class QueryArbitrary extends fc.Arbitrary<Query> {
  readonly #can: Capabilities;

  constructor(can: Capabilities) {
    super();
    this.#can = can;
  }

  generate(random: fc.Random): fc.Value<Query> {
    return new fc.Value(generateQuery(new Draw(random), this.#can), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Query {
    return typeof value === "object" && value !== null && "statement" in value;
  }

  shrink(value: Query): fc.Stream<fc.Value<Query>> {
    return fc.stream(shrinks(value)).map((smaller) => new fc.Value(smaller, undefined));
  }
}

function generateQuery(draw: Draw, can: Capabilities): Query {
  const scope: Scope = {
    draw,
    can,
    local: [],
    outer: undefined,
    ctes: [],
    banned: [],
    depth: draw.weighted([[2, () => 0], [3, () => 1], [3, () => 2], [1, () => 3]]),
    counter: { next: 0, sources: 0 },
    bare: true,
    windows: true,
  };
  if (draw.percent(25)) {
    const write = generateWrite({ ...scope, depth: Math.min(scope.depth, 2) });
    const handle = draw.weighted<Handle>([
      [6, () => "plain"],
      [1, () => "connection"],
      [1, () => "withPlugin"],
      [1, () => "withoutPlugins"],
      [1, () => "compiled"],
    ]);
    return { handle, statement: write };
  }
  const statement = can.dmlCtes && draw.percent(6) ? selectOfWrite(scope) : generateSelect(scope, {
    root: true,
    limit: true,
    sets: true,
    lock: true,
    ctes: draw.percent(25),
  }).select;
  const handle = draw.weighted<Handle>([
    [10, () => "plain"],
    [1, () => "transaction"],
    [1, () => "connection"],
    [1, () => "withPlugin"],
    [1, () => "withoutPlugins"],
    [1, () => "withSchema"],
    [1, () => "compiled"],
    ...(can.stream ? [[1, () => "stream"]] as [number, () => Handle][] : []),
  ]);
  const writes = statement.ctes.some((cte) => cte.body.k !== "select");
  const unfit = (handle === "transaction" && writes) ||
    // Kysely's own schema plugin takes an alias for the table whose name it has.
    (handle === "withSchema" && schemaConfuses(statement, can));
  if (handle === "withSchema" && !unfit) {
    // A builder of a handle with a schema does not know that a name is a CTE of another builder.
    const callbacks = JSON.stringify(statement).replaceAll('"via":"handle"', '"via":"callback"');
    return { handle, statement: JSON.parse(callbacks) };
  }
  return { handle: unfit ? "plain" : handle, statement };
}

/** `with w as (update .. returning ..) select .. from w ..` */
function selectOfWrite(scope: Scope): Select {
  let write: Write;
  do write = generateWrite({ ...scope, depth: Math.min(scope.depth, 1) }); while (
    // Kysely gives a MERGE no parentheses here.
    write.returning.length === 0 || write.k === "merge" || write.returningAll
  );
  const { draw } = scope;
  const name = draw.percent(30) ? draw.pick(tables).name : "w";
  const inside = addCte(scope, {
    name,
    columns: write.returning.map((item): Column => ({ name: item.as, type: "int" })),
    weight: 1,
  });
  const { select } = generateSelect(inside, { root: true, limit: true, sets: true });
  select.ctes.unshift({ name, body: write });
  return select;
}

function schemaConfuses(statement: Select, can: Capabilities): boolean {
  const text = JSON.stringify(statement);
  // SQLite has no `schema.table.*`.
  if (can.dialect === "sqlite" && text.includes('"all":{"alias"')) return true;
  // Nor does it know a CTE of an inner WITH from the table of that name outside.
  const { ctes: _, ...rest } = statement;
  return tables.some(({ name }) =>
    new RegExp(`"s":"(query|rows|table|cte)"[^{}]*"alias":"${name}"|},"alias":"${name}"}`)
      .test(text) ||
    [...statement.ctes.map((cte) => cte.body), rest].some((part) =>
      JSON.stringify(part).includes(`{"name":"${name}","body"`)
    )
  );
}
