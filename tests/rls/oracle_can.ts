/**
 * `can()` against the database: tables of mixed types, rows and policies at random. Whenever `can()`
 * answers, SELECT and DELETE must agree.
 */
import { bindContext, createExecutor, type KyseraExecutor } from "@kysera/executor";
import {
  allow,
  can,
  defineRLSSchema,
  deny,
  filter,
  type Policy,
  type PolicyCondition,
  rlsPlugin,
  RLSPolicyEvaluationError,
  RLSPolicyViolation,
} from "@kysera/rls";
import { type Expression, type Kysely, sql, type SqlBool } from "kysely";
import type { TestDialect } from "../support/matrix.ts";

type Family = "sqlite" | "postgres" | "mysql";

/** A column: its type, the SQL of values that rows have, and the values that policies compare with. */
interface Column {
  readonly type: string;
  readonly stored: readonly string[];
  readonly asked: readonly unknown[];
}

const TEXTS = ["'a'", "'A'", "'a '", "'b'", "'á'", "'ab'", "'straße'", "'strasse'", "'v'", "'w'"];
const ASKED_TEXTS = ["a", "A", "a ", "b", "á", "ab", "straße", "STRASSE", "1", "v", "w", "ä", 1];
const INTS = ["0", "1", "2", "3000000000"];
const ASKED_INTS = [0, 1, 2, 3000000000, 1n, "1", "01", "2", 1.5, true];
const TIMES = [
  "'2024-01-01 00:00:00.000000'",
  "'2024-01-01 00:00:00.000001'",
  "'2024-01-01 00:00:00.001'",
  "'2024-11-03 05:30:00'",
  "'2030-06-01 12:00:00'",
];
const ASKED_TIMES = [
  new Date("2024-01-01T00:00:00.000Z"),
  new Date("2024-01-01T00:00:00.001Z"),
  new Date("2024-11-03T05:30:00.000Z"),
  new Date("2024-11-03T06:30:00.000Z"),
  new Date("2030-06-01T12:00:00.000Z"),
];
const REALS = ["0.1", "1", "16777217", "1000001", "0.30000001"];
const ASKED_REALS = [0.1, 1, 16777217, 16777216, 0.10000000149011612, 1000001, 1000000, "1", 0.3];
const DECIMALS = ["1.5", "2", "12345678.9", "-0.5"];
const ASKED_DECIMALS = ["1.50", "1.5", "2.00", "2", 2, 1.5, "12345678.90", "-0.50", "x"];

const COLUMNS: Readonly<Record<Family, Readonly<Record<string, Column>>>> = {
  postgres: {
    c_int: { type: "integer", stored: ["0", "1", "2"], asked: [0, 1, 2, 1n, "1", "2"] },
    c_big: {
      type: "bigint",
      stored: [...INTS, "9007199254740993"],
      asked: [...ASKED_INTS.slice(0, 8), 9007199254740993n, "9007199254740993", "9007199254740992"],
    },
    c_numeric: { type: "numeric(20,2)", stored: DECIMALS, asked: ASKED_DECIMALS.slice(0, 8) },
    c_numeric_free: {
      type: "numeric",
      stored: [...DECIMALS, "1.50", "2.000"],
      asked: ASKED_DECIMALS.slice(0, 8),
    },
    c_real: { type: "real", stored: REALS, asked: ASKED_REALS },
    c_double: { type: "double precision", stored: REALS, asked: ASKED_REALS },
    c_text: { type: "text", stored: TEXTS, asked: ASKED_TEXTS.slice(0, -1) },
    c_varchar: { type: "varchar(20)", stored: TEXTS, asked: ASKED_TEXTS.slice(0, -1) },
    c_char: {
      type: "char(5)",
      stored: ["'a'", "'A'", "'ab'"],
      asked: ["a", "a    ", "ab ", "A", "b"],
    },
    c_ci: { type: "text collate can_ci", stored: TEXTS, asked: ASKED_TEXTS.slice(0, -1) },
    c_enum: { type: "can_mood", stored: ["'sad'", "'ok'"], asked: ["sad", "ok"] },
    c_domain: { type: "can_code", stored: ["'x1'", "'X1'"], asked: ["x1", "X1", "x1 "] },
    c_bool: { type: "boolean", stored: ["true", "false"], asked: [true, false] },
    c_uuid: {
      type: "uuid",
      stored: ["'aaaaaaaa-0000-4000-8000-00000000000b'"],
      asked: [
        "AAAAAAAA-0000-4000-8000-00000000000B",
        "aaaaaaaa-0000-4000-8000-00000000000b",
        "aaaaaaaa-0000-4000-8000-00000000000c",
      ],
    },
    c_bytes: {
      type: "bytea",
      stored: ["'\\x01'", "'\\x0102'"],
      asked: [new Uint8Array([1]), new Uint8Array([1, 2]), new Uint8Array([2])],
    },
    c_time: { type: "timestamp(6)", stored: TIMES, asked: ASKED_TIMES },
    c_time3: { type: "timestamp(3)", stored: TIMES, asked: ASKED_TIMES },
    c_zoned: {
      type: "timestamptz",
      stored: TIMES.map((time) => time.replace(/'$/, "+00'")),
      asked: ASKED_TIMES,
    },
    c_zoned3: {
      type: "timestamptz(3)",
      stored: TIMES.map((time) => time.replace(/'$/, "+00'")),
      asked: ASKED_TIMES,
    },
    c_date: { type: "date", stored: ["'2024-01-01'", "'2030-06-01'"], asked: ASKED_TIMES },
    c_inet: {
      type: "inet",
      stored: ["'10.0.0.1'", "'10.0.0.0/8'"],
      asked: ["10.0.0.1", "10.0.0.1/32", "10.0.0.0/8"],
    },
    c_interval: {
      type: "interval",
      stored: ["'1 day'", "'24 hours'"],
      asked: ["1 day", "24:00:00"],
    },
  },
  mysql: {
    c_int: { type: "integer", stored: INTS.slice(0, 3), asked: ASKED_INTS },
    c_big: {
      type: "bigint",
      stored: [...INTS, "9007199254740993"],
      asked: [...ASKED_INTS, 9007199254740993n, "9007199254740993", 9007199254740992n],
    },
    c_numeric: { type: "decimal(20,2)", stored: DECIMALS, asked: ASKED_DECIMALS },
    c_float: { type: "float", stored: REALS, asked: ASKED_REALS },
    c_double: { type: "double", stored: REALS, asked: ASKED_REALS },
    c_text: { type: "varchar(20) collate utf8mb4_general_ci", stored: TEXTS, asked: ASKED_TEXTS },
    c_unicode: {
      type: "varchar(20) collate utf8mb4_unicode_ci",
      stored: TEXTS,
      asked: ASKED_TEXTS,
    },
    c_swedish: {
      type: "varchar(20) collate utf8mb4_swedish_ci",
      stored: TEXTS,
      asked: ASKED_TEXTS,
    },
    c_danish: {
      type: "varchar(20) collate utf8mb4_danish_ci",
      stored: [...TEXTS, "'aa'", "'å'"],
      asked: [...ASKED_TEXTS, "aa", "å"],
    },
    c_bin: { type: "varchar(20) collate utf8mb4_bin", stored: TEXTS, asked: ASKED_TEXTS },
    c_char: {
      type: "char(5)",
      stored: ["'a'", "'A'", "'ab'"],
      asked: ["a", "a    ", "ab ", "A", "b"],
    },
    c_enum: {
      type: "enum('sad', 'ok')",
      stored: ["'sad'", "'ok'"],
      asked: ["sad", "SAD", "ok", "x", 1],
    },
    c_bool: { type: "boolean", stored: ["true", "false"], asked: [true, false, 1, 0] },
    c_bytes: {
      type: "varbinary(4)",
      stored: ["x'01'", "x'0102'"],
      asked: [new Uint8Array([1]), new Uint8Array([1, 2])],
    },
    c_time: { type: "datetime(6)", stored: TIMES, asked: ASKED_TIMES },
    c_time0: { type: "datetime", stored: TIMES, asked: ASKED_TIMES },
    c_time3: { type: "datetime(3)", stored: TIMES, asked: ASKED_TIMES },
    c_date: { type: "date", stored: ["'2024-01-01'", "'2030-06-01'"], asked: ASKED_TIMES },
  },
  sqlite: {
    c_int: { type: "integer", stored: INTS, asked: ASKED_INTS },
    c_numeric: { type: "decimal(20,2)", stored: [...DECIMALS, "'abc'"], asked: ASKED_DECIMALS },
    c_real: { type: "real", stored: REALS, asked: ASKED_REALS },
    c_text: { type: "text", stored: [...TEXTS, "'1'"], asked: ASKED_TEXTS },
    c_nocase: { type: "text collate nocase", stored: TEXTS, asked: ASKED_TEXTS },
    c_rtrim: { type: "text collate rtrim", stored: TEXTS, asked: ASKED_TEXTS },
    c_any: {
      type: "",
      stored: [...TEXTS.slice(0, 3), "1", "'1'", "1.5"],
      asked: [...ASKED_TEXTS, 1.5, "1.5"],
    },
    c_bool: { type: "boolean", stored: ["1", "0"], asked: [true, false, 1, 0] },
    c_bytes: {
      type: "blob",
      stored: ["x'01'", "x'0102'"],
      asked: [new Uint8Array([1]), new Uint8Array([1, 2])],
    },
    c_time: {
      type: "text",
      stored: ["'2024-01-01T00:00:00.000Z'", "'2024-01-01 00:00:00'"],
      asked: [...ASKED_TIMES, "2024-01-01T00:00:00.000Z"],
    },
  },
};

/** Numbers at random, the same of the same seed. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  }

  /** Draws from another seed; what is returned goes back. */
  fork(seed: number): () => void {
    const before = this.#state;
    this.#state = seed;
    return () => {
      this.#state = before;
    };
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Creates the table, with a row for each value of each column and some at random. */
export async function createMixed(
  db: Kysely<any>,
  { dialect }: TestDialect,
  draw: Draw,
): Promise<void> {
  // The dialects that tests have.
  const family = dialect as Family;
  if (family === "postgres") {
    await sql`create collation can_ci (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`
      .execute(db);
    await sql`create type can_mood as enum ('sad', 'ok')`.execute(db);
    await sql`create domain can_code as varchar(10)`.execute(db);
  }
  const columns = Object.entries(COLUMNS[family]);
  const written = columns.map(([name, { type }]) => `${name} ${type}`).join(", ");
  await sql.raw(`create table can_mixed (id integer primary key, ${written})`).execute(db);
  for (let id = 0; id < 30; id++) {
    const values = columns.map(([, { stored }], i) =>
      draw.below(12) === 0 ? "null" : id < 12 ? stored[(id + i) % stored.length]! : draw.of(stored)
    );
    await sql.raw(`insert into can_mixed values (${id}, ${values.join(", ")})`).execute(db);
  }
}

type Tools = Parameters<Extract<PolicyCondition<any>, (...of: never) => unknown>>[1];

/** What came of one comparison of `can()` with the database. */
export interface Tally {
  told: number;
  untold: number;
}

/** One set of policies, and what it comes to in memory and in the database. */
export async function compareOnce(
  db: Kysely<any>,
  { dialect }: TestDialect,
  draw: Draw,
  tally: Tally,
): Promise<string | undefined> {
  const columns = COLUMNS[dialect as Family];
  const names = Object.keys(columns);
  const said: string[] = [];
  const term = (): [string, unknown] => {
    const name = draw.of(names);
    const { asked } = columns[name]!;
    return [name, draw.below(4) === 0 ? [draw.of(asked), draw.of(asked)] : draw.of(asked)];
  };
  const expression = (tools: Tools, depth: number): Expression<SqlBool> => {
    const { eb, column } = tools;
    const kind = draw.below(depth === 0 ? 4 : 7);
    if (kind >= 4) {
      const parts = [expression(tools, depth - 1), expression(tools, depth - 1)];
      return kind === 4 ? eb.and(parts) : kind === 5 ? eb.or(parts) : eb.not(parts[0]!);
    }
    const [name, value] = term();
    said.push(`${name} ${kind} ${told(value)}`);
    if (kind === 3) return eb(column(name), draw.of(["is", "is not"]), null);
    if (Array.isArray(value)) return eb(column(name), draw.of(["in", "not in"]), value);
    return eb(column(name), draw.of(["=", "=", "!=", "<", ">=", "is distinct from"]), value);
  };
  const condition = (): PolicyCondition<any> => {
    if (draw.below(2) === 0) {
      const terms = Object.fromEntries(draw.below(3) === 0 ? [term(), term()] : [term()]);
      said.push(told(terms));
      return terms as PolicyCondition<any>;
    }
    const at = draw.below(1_000_000);
    // The same each time that it is asked.
    return (_ctx, tools) => {
      const before = draw.fork(at);
      try {
        return expression(tools, 2);
      } finally {
        before();
      }
    };
  };
  const policies: Policy<any>[] = [
    draw.of([
      () => filter("read", condition()),
      () => allow("read", condition()),
      () => deny("read", condition()),
    ])(),
    allow("all", draw.of([true, false]) ? true : condition()),
    deny("delete", condition()),
  ];
  const schema = defineRLSSchema<any>({ can_mixed: { policies } });
  const executor = bindContext(await createExecutor(db, [rlsPlugin({ schema })]), {
    auth: { userId: 1, roles: [] },
  }) as KyseraExecutor<any>;
  const rows = await db.selectFrom("can_mixed").selectAll().orderBy("id").execute();
  for (const operation of ["read", "delete"] as const) {
    const found = await idsOf(executor, operation);
    // Values that a column cannot be compared with fail in the database.
    if (found === undefined) continue;
    for (const row of rows) {
      let answer: boolean;
      try {
        answer = can(executor, operation, "can_mixed", row);
      } catch (error) {
        if (!(error instanceof RLSPolicyEvaluationError)) throw error;
        tally.untold++;
        continue;
      }
      tally.told++;
      if (answer === found.has(row.id)) continue;
      return `can() says ${answer} for "${operation}", and the database not: ` +
        `${JSON.stringify(policies.map(({ type, operation }) => [type, operation]))} ` +
        `${[...new Set(said)].join("; ")} row ${told(row)}`;
    }
  }
  return undefined;
}

/** The rows that a caller may do something to. */
async function idsOf(
  executor: KyseraExecutor<any>,
  operation: "read" | "delete",
): Promise<ReadonlySet<number> | undefined> {
  try {
    if (operation === "read") {
      const rows = await executor.selectFrom("can_mixed").select("id").execute();
      return new Set(rows.map(({ id }) => id));
    }
    const gone = new Set<number>();
    const rows = await executor.selectFrom("can_mixed").select("id").execute();
    const trx = await executor.startTransaction().execute();
    try {
      await trx.deleteFrom("can_mixed").execute();
      const left = await trx.selectFrom("can_mixed").select("id").execute();
      const ids = new Set(left.map(({ id }) => id));
      for (const { id } of rows) if (!ids.has(id)) gone.add(id);
    } finally {
      await trx.rollback().execute();
    }
    return gone;
  } catch (error) {
    if (error instanceof RLSPolicyViolation) return new Set();
    return undefined;
  }
}

function told(value: unknown): string {
  return JSON.stringify(
    value,
    (_, each) => typeof each === "bigint" ? `${each}n` : each,
  );
}
