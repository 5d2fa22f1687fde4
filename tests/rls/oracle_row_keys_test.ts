import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor } from "@kysera/executor";
import { allow, defineRLSSchema, rlsPlugin, RLSPolicyEvaluationError } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialectName } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";

/** Random choices that come again: mulberry32. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  #next(): number {
    this.#state = (this.#state + 0x6D2B79F5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  int(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  chance(of: number): boolean {
    return this.#next() < of;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }
}

/**
 * Random tables with random keys, and random statements under functions of the row, against a model
 * in memory. `u` tells the model's rows apart; the database does not know that it does.
 */
interface ModelRow {
  readonly u: number;
  readonly owner: number;
  readonly v: number;
}

interface KeyKind {
  readonly columns: string;
  /** The table's constraint, if any. */
  readonly key: string;
  /** Returns the values of the key's columns of the nth row, as SQL. */
  values(n: number): string;
  /** Whether rows may share what is taken for the key, so that a statement may be refused. */
  readonly isLoose?: boolean;
  readonly suffix?: string;
}

const micro = (n: number): string => `'2024-01-01 00:00:00.${String(n).padStart(6, "0")}'`;
const wide = (n: number): string => `${9007199254740990n + BigInt(n)}`;
/** Ids that come again in other tenants. */
const reused = (n: number): string => `${n}, ${n % 3}`;

const COMMON: readonly KeyKind[] = [
  { columns: "id int", key: "primary key (id)", values: String },
  { columns: "tenant int, id int", key: "primary key (tenant, id)", values: reused },
  {
    columns: "id int, tenant int",
    key: "primary key (tenant, id)",
    values: (n) => `${n % 2}, ${n}`,
  },
  { columns: "id int, slug int not null", key: "unique (slug)", values: (n) => `1, ${n}` },
  { columns: "id int", key: "", values: (n) => String(n % 4), isLoose: true },
  { columns: "id char(6)", key: "primary key (id)", values: (n) => `'${"ab".repeat(n % 3)}${n}'` },
  {
    columns: "tenant char(4), id varchar(9)",
    key: "primary key (tenant, id)",
    values: (n) => `'t${n % 2}', 'a,${n >> 1}'`,
  },
];

const KINDS: Readonly<Record<"sqlite" | "postgres" | "mysql", readonly KeyKind[]>> = {
  sqlite: [
    ...COMMON,
    { columns: "id text", key: "primary key (id)", values: (n) => n % 2 ? "null" : `'k${n}'` },
    { columns: "id", key: "primary key (id)", values: (n) => n % 2 ? `'${n}'` : `${n + 1}` },
    {
      columns: "id text",
      key: "primary key (id)",
      values: (n) => `'${"aAbB"[n % 4]}${n >> 2}'`,
      suffix: " without rowid",
    },
    {
      columns: "tenant real, id blob",
      key: "primary key (tenant, id)",
      values: (n) => `${n % 3} + 0.1, x'0${n % 10}00'`,
      suffix: " without rowid",
    },
  ],
  postgres: [
    ...COMMON,
    { columns: "id timestamp(6)", key: "primary key (id)", values: micro },
    { columns: "id timestamptz", key: "primary key (id)", values: micro },
    { columns: "id bigint", key: "primary key (id)", values: wide },
    {
      columns: "id float8",
      key: "primary key (id)",
      values: (n) => `1 + ${n} * 2.220446049250313e-16::float8`,
    },
    {
      columns: "id text",
      key: "primary key (id)",
      values: (n) => `'${["a", "A", "a ", '"a"'][n % 4]}${n >> 2}'`,
    },
    {
      columns: "tenant bigint, id timestamp(6)",
      key: "primary key (tenant, id)",
      values: (n) => `${wide(n)}, ${micro(n % 2)}`,
    },
  ],
  mysql: [
    ...COMMON,
    { columns: "id timestamp(6)", key: "primary key (id)", values: micro },
    { columns: "id datetime(6)", key: "primary key (id)", values: micro },
    { columns: "id bigint", key: "primary key (id)", values: wide },
    {
      columns: "tenant bigint, id datetime(6)",
      key: "primary key (tenant, id)",
      values: (n) => `${wide(n)}, ${micro(n % 2)}`,
    },
    { columns: "id varbinary(8)", key: "primary key (id)", values: (n) => `x'ff${n % 10}0'` },
  ],
};

const CASES: Readonly<Record<TestDialectName, number>> = {
  sqlite: 120,
  pglite: 80,
  postgres: 60,
  mysql: 60,
};

onEveryDialect("an oracle of keys, for functions of the row", (dialect) => {
  it("finds that no row of another owner is touched, and each of one's own is", async () => {
    const { db, close } = await dialect.open();
    try {
      const { seed } = fuzzSeed();
      for (let i = 0; i < fuzzRuns(CASES[dialect.name]); i++) {
        await oneCase(db, dialect.dialect, seed + i);
      }
    } finally {
      await close();
    }
  });
});

async function oneCase(
  db: Kysely<any>,
  dialect: "sqlite" | "postgres" | "mysql",
  seed: number,
): Promise<void> {
  const draw = new Draw(seed);
  const kind = draw.pick(KINDS[dialect]);
  const count = draw.int(2, 10);
  let model: ModelRow[] = Array.from({ length: count }, (_, u) => ({
    u,
    owner: draw.pick([1, 1, 2, 9]),
    v: draw.int(0, 3),
  }));
  const table = draw.chance(0.2) ? `odd table ${seed}` : `keyed_${seed}`;
  const quote = dialect === "mysql" ? "`" : '"';
  const quoted = quote + table + quote;
  const run = async (text: string): Promise<void> => {
    await sql.raw(text).execute(db);
  };
  const constraint = kind.key === "" ? "" : `, ${kind.key}`;
  await run(
    `create table ${quoted} (${kind.columns}, u int, owner int, v int${constraint})${
      kind.suffix ?? ""
    }`,
  );
  // In any order: which of two rows comes first must not matter.
  for (const { u, owner, v } of draw.chance(0.5) ? model : [...model].reverse()) {
    await run(`insert into ${quoted} values (${kind.values(u)}, ${u}, ${owner}, ${v})`);
  }
  const schema = defineRLSSchema<any>({
    [table]: {
      policies: [
        allow("read", true),
        allow(["update", "delete"], (ctx) => ctx.row["owner"] === ctx.auth.userId),
      ],
    },
  });
  const executor = await createExecutor(db, [rlsPlugin({ schema })]);
  for (let step = 0; step < 4; step++) {
    const userId = draw.pick([1, 2]);
    const own = bindContext(executor, { auth: { userId, roles: [] } });
    const most = draw.int(0, 3);
    const isMine = (row: ModelRow): boolean => row.v <= most && row.owner === userId;
    const what = `seed ${seed}, step ${step}, ${kind.columns}, ${kind.key}`;
    let changed: bigint | undefined;
    const isDelete = draw.chance(0.4);
    const expected = isDelete
      ? model.filter((row) => !isMine(row))
      : model.map((row) => isMine(row) ? { ...row, v: row.v + 1 } : row);
    try {
      changed = isDelete
        ? (await own.deleteFrom(table).where("v", "<=", most).executeTakeFirst()).numDeletedRows
        : (await own.updateTable(table).set((eb) => ({ v: eb("v", "+", 1) }))
          .where("v", "<=", most).executeTakeFirst()).numUpdatedRows;
    } catch (error) {
      assert.ok(
        kind.isLoose === true && error instanceof RLSPolicyEvaluationError,
        `${what}: ${error}`,
      );
    }
    if (changed !== undefined) {
      assert.equal(changed, BigInt(model.filter(isMine).length), what);
      model = expected;
    }
    const rows = await db.selectFrom(table).select(["u", "owner", "v"]).orderBy("u").execute();
    assert.deepEqual(rows.map((row) => ({ ...row })), model, what);
  }
  await run(`drop table ${quoted}`);
}
