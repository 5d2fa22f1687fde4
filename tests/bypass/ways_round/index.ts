/** Ways round. */
import type { BypassRow } from "../case.ts";
import { compiled } from "./compiled.ts";
import { missing, mutated, policies } from "./contexts.ts";
import { cursors } from "./cursors.ts";
import { keys, lookalikes } from "./data.ts";
import { handles, transactions } from "./handles.ts";
import { names } from "./names.ts";
import { order } from "./order.ts";
import { expressions, pieces } from "./raw_expressions.ts";
import { namesNone } from "./raw_fragments.ts";
import { namesTable } from "./raw_tables.ts";

export const waysRound: readonly BypassRow[] = [
  {
    number: 32,
    shape: "raw SQL that names a table, wherever the builder takes an expression",
    must: ["R"],
    cases: [...namesTable, ...expressions, ...pieces()],
  },
  {
    number: 33,
    shape: "raw fragment that names no table",
    must: ["F"],
    note: "passes, and the query round it is filtered",
    cases: namesNone,
  },
  {
    number: 34,
    shape: "`sql.table`, `sql.ref`, `sql.id` inside a built query",
    must: ["F"],
    cases: names,
  },
  {
    number: 35,
    shape: "`CompiledQuery.raw`; a query compiled or built by another instance",
    must: ["R"],
    note: "a subquery is filtered where it stands",
    cases: compiled,
  },
  {
    number: 36,
    shape: "`withoutPlugins()`, `withPlugin()`, views and tables made of queries",
    must: ["F"],
    cases: handles,
  },
  {
    number: 37,
    shape: "transaction, controlled transaction, savepoint, `connection()`",
    must: ["F"],
    cases: transactions,
  },
  {
    number: 38,
    shape: "a value shaped like an operation node or a raw builder",
    must: ["ok"],
    note: "data",
    cases: lookalikes,
  },
  { number: 39, shape: "`__proto__`, `constructor` as a column key", must: ["R"], cases: keys },
  {
    number: 40,
    shape: "context missing; tenant undefined, null, NaN, ''",
    must: ["R"],
    note: 'never "no filter"',
    cases: missing,
  },
  {
    number: 41,
    shape: "context object changed after the handle was made",
    must: ["F"],
    note: "the frozen copy counts",
    cases: mutated,
  },
  {
    number: 42,
    shape: "cursor of another tenant, order or filter; tampered cursor",
    must: ["R"],
    note: "before anything runs; one's own gives the caller's rows",
    cases: cursors,
  },
  {
    number: 43,
    shape: "a policy that itself reads a policed table",
    must: ["F"],
    note: "filtered in turn; a circle is refused",
    cases: policies,
  },
  {
    number: 44,
    shape: "plugins in every order; an executor of an executor",
    must: ["F"],
    note: "the same result, applied once",
    cases: order,
  },
];
