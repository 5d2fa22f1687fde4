/**
 * What the tenants' oracles change of a generated statement before it is run.
 */
import type {
  Assignment,
  Cte,
  Expr,
  Pred,
  Query,
  Select,
  Source,
  Statement,
  Write,
} from "../oracle/ast.ts";
import type { Outcome } from "../oracle/world.ts";
import { filteredNames, type Row } from "../oracle/schema.ts";

/** The tenant that queries are run as. */
export const TENANT = 1;

/**
 * The query with about half of its writes to the tenant column writing the caller's own tenant:
 * left alone, nearly all of them would be refused.
 */
export function steered(query: Query): Query {
  return { ...query, statement: mapWrites(query.statement, steer) };
}

function steer(write: Write): Write {
  switch (write.k) {
    case "insert": {
      // The shrinker may have taken its columns.
      const at = (write.columns ?? []).indexOf("team_id");
      if (at < 0) return write;
      // All rows of a statement alike: one stranger among them has it refused.
      const first = write.rows[0]?.[at];
      if (first?.e !== "lit" || Number(first.value ?? 1) % 2 === 1) return write;
      return {
        ...write,
        rows: write.rows.map((row) => row.with(at, { ...first, value: TENANT })),
      };
    }
    case "update":
      return {
        ...write,
        set: write.set.map((a) =>
          a.name === "team_id" && a.expr.e === "lit" && Number(a.expr.value ?? 1) % 2 === 0
            ? { ...a, expr: { ...a.expr, value: TENANT } }
            : a
        ),
      };
    default:
      return write;
  }
}

/** The shrinker makes statements that are none, which cannot be looked into: no difference either. */
export async function sound(check: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof TypeError) return "failed on both sides";
    throw error;
  }
}

/** The statement with the tenant in every INSERT that leaves the tenant column out. */
export function withStamps(
  statement: Statement,
  stamp: number,
  policed: readonly string[],
): Statement {
  const value: Expr = { e: "lit", value: stamp, type: "int", inline: false };
  return mapWrites(statement, (write) => {
    if (write.k === "insert" && policed.includes(write.table.table)) {
      if (write.columns?.includes("team_id") ?? true) return write;
      return {
        ...write,
        columns: [...write.columns, "team_id"],
        rows: write.rows.map((row) => [...row, value]),
        query: write.query && stampedSelect(write.query, value),
      };
    }
    if (write.k === "merge" && policed.includes(write.target.table)) {
      return {
        ...write,
        whens: write.whens.map((when) =>
          when.then.how === "insert" && !when.then.columns.includes("team_id")
            ? {
              ...when,
              then: {
                ...when.then,
                columns: [...when.then.columns, "team_id"],
                values: [...when.then.values, value],
              },
            }
            : when
        ),
      };
    }
    return write;
  });
}

/**
 * The statement with a condition more on the rows that it changes; `undefined` where it has no place
 * for one.
 */
export function withLimits(
  statement: Statement,
  condition: (alias: string, command: "update" | "delete") => Pred[],
  policed: readonly string[],
): Statement | undefined {
  let lost = false;
  const out = mapWrites(statement, (write) => {
    switch (write.k) {
      case "update": {
        const [target] = write.targets;
        if (write.targets.length > 1) lost ||= write.targets.some((t) => policed.includes(t.table));
        else if (policed.includes(target!.table)) {
          const more = condition(target!.alias ?? target!.table, "update");
          return { ...write, where: [...guarded(write.where), ...more] };
        }
        return write;
      }
      case "delete": {
        const { target } = write;
        // MySQL names its targets by the aliases of USING.
        if (write.also.length > 0 || write.using.some((s) => nameOf(s) === target.table)) {
          lost = true;
        } else if (policed.includes(target.table)) {
          const more = condition(target.alias ?? target.table, "delete");
          return { ...write, where: [...guarded(write.where), ...more] };
        }
        return write;
      }
      case "insert":
        if (write.conflict?.how !== "update" || !policed.includes(write.table.table)) return write;
        return {
          ...write,
          conflict: {
            ...write.conflict,
            where: [
              ...guarded(write.conflict.where),
              ...condition(write.table.alias ?? write.table.table, "update"),
            ],
          },
        };
      // PostgreSQL fails where MERGE would change a row that is read and may not be changed.
      case "merge":
        lost ||= policed.includes(write.target.table);
        return write;
    }
  });
  return lost ? undefined : out;
}

/** The conditions as they stand beside each other, in parentheses: raw SQL has none of its own. */
function guarded(args: Pred[]): Pred[] {
  // Nothing is changed by it but the parentheses; two NOTs confuse MariaDB.
  return args.length === 0 ? [] : [{ p: "or", args: [{ p: "and", args }, never] }];
}

const number = (value: number): Expr => ({ e: "lit", value, type: "int", inline: true });
const never: Pred = { p: "cmp", op: "=", left: number(1), right: number(0) };

function nameOf(source: Source): string | undefined {
  return source.s === "table" ? source.alias ?? source.table : undefined;
}

/** `select .., 1 from (the select)`, whatever the select is made of. */
function stampedSelect(query: Select, value: Expr): Select {
  const names = query.items.map((item) => item.as);
  return {
    k: "select",
    via: "callback",
    recursive: false,
    ctes: [],
    from: [{ s: "query", query, alias: "stamped" }],
    joins: [],
    where: [],
    group: [],
    having: [],
    items: [
      ...names.map((name) => ({ as: name, expr: { e: "col", alias: "stamped", name } as const })),
      { as: "stamp", expr: value },
    ],
    distinct: false,
    distinctOn: [],
    order: [],
    total: false,
    sets: [],
  };
}

/** A statement with each of its writes, nested ones included, replaced. */
function mapWrites(statement: Statement, map: (write: Write) => Write): Statement {
  const ctes = statement.ctes.map((cte): Cte => ({ ...cte, body: mapWrites(cte.body, map) }));
  const out: Statement = { ...statement, ctes };
  return out.k === "select" ? out : map(out);
}

/** Every write of a statement. */
export function writesOf(statement: Statement): Write[] {
  const nested = statement.ctes.flatMap((cte) => writesOf(cte.body));
  return statement.k === "select" ? nested : [...nested, statement];
}

const POLICED_COLUMNS: readonly string[] = ["team_id", "score", "name"];

/**
 * Whether a write of a policed table sets a column that policies look at to what only the database
 * knows: it may be refused, until it is checked there.
 */
export function asksForUnknown(write: Statement): boolean {
  const unknown = (name: string, e: Expr): boolean =>
    POLICED_COLUMNS.includes(name) && e.e !== "lit";
  switch (write.k) {
    case "insert":
      return filteredNames.includes(write.table.table) &&
        (write.query !== undefined ||
          write.rows.some((row) => row.some((e, i) => unknown(write.columns[i]!, e))) ||
          // What is asked of changed rows may be another thing than what is asked of new ones.
          write.conflict?.how === "update");
    case "update":
      // An UPDATE of several tables has no place for a check.
      return write.targets.some((t) => filteredNames.includes(t.table)) &&
        (write.targets.length > 1 || write.set.some((a) => unknown(a.name, a.expr)));
    // No RETURNING that would tell what it wrote, before PostgreSQL 17.
    case "merge":
      return filteredNames.includes(write.target.table) &&
        write.whens.some(({ then }) => then.how === "update" || then.how === "insert");
    default:
      return false;
  }
}

/** What a write puts into the columns that policies look at, where it says so itself. */
export type Offer = Readonly<Record<string, unknown>>;

/** The rows that a write of a policed table offers, as far as they are plain values. */
export function offers(write: Write, policed: readonly string[], stamp?: number): Offer[] {
  const set = (assignments: readonly Assignment[]): Offer =>
    Object.fromEntries(
      assignments.flatMap(({ name, expr }) => {
        const value = literalOf(expr);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  const row = (columns: readonly string[], values: readonly (Expr | undefined)[]): Offer => {
    const missing = { team_id: stamp ?? null, score: null, name: null };
    const given = columns.flatMap((name, i): [string, unknown][] => {
      const value = values[i];
      return [[name, value && literalOf(value)]];
    });
    const all = Object.entries({ ...missing, ...Object.fromEntries(given) });
    return Object.fromEntries(all.filter(([, value]) => value !== undefined));
  };
  switch (write.k) {
    case "insert":
      if (!policed.includes(write.table.table)) return [];
      return [
        ...write.rows.map((values) => row(write.columns, values)),
        ...(write.query ? [row(write.columns, [])] : []),
        ...(write.conflict && "set" in write.conflict ? [set(write.conflict.set)] : []),
      ];
    case "update":
      return write.targets.some((t) => policed.includes(t.table)) ? [set(write.set)] : [];
    case "merge":
      if (!policed.includes(write.target.table)) return [];
      return write.whens.flatMap(({ then }) =>
        then.how === "update"
          ? [set(then.set)]
          : then.how === "insert"
          ? [row(then.columns, then.values)]
          : []
      );
    default:
      return [];
  }
}

/**
 * Returns true for an upsert of a policed table that proposes computed values: whether the policies
 * accept these, though the row that is there is changed in another way, cannot be told from its text.
 */
export function proposesComputed(write: Write, policed: readonly string[]): boolean {
  if (write.k !== "insert" || !policed.includes(write.table.table)) return false;
  if (write.conflict === undefined || !("set" in write.conflict)) return false;
  const isComputed = (value: Expr | undefined): boolean =>
    value !== undefined && literalOf(value) === undefined;
  return write.query !== undefined || write.rows.some((values) => values.some(isComputed));
}

/** The value of a literal, or of a scalar subquery that selects nothing else; else `undefined`. */
function literalOf(expr: Expr): unknown {
  if (expr.e === "lit") return expr.value;
  if (expr.e !== "scalar") return undefined;
  const { from, where, having, items } = expr.query;
  const isBare = from.length === 0 && where.length === 0 && having.length === 0;
  return isBare && items.length === 1 ? literalOf(items[0]!.expr) : undefined;
}

const numbers: readonly (number | null)[] = [null, 0, 1, 2, 3, 4, 5];
const texts: readonly (string | null)[] = [null, "", "a", "b", "ab", "ba", "c"];

/** Rows of all sorts that have what is offered. */
export function someRows(offer: Offer): Row[] {
  return numbers.flatMap((team_id) =>
    numbers.flatMap((score) =>
      texts.map((name) => ({ id: 1, team_id, score, name, deleted_at: null, ...offer }))
    )
  );
}
