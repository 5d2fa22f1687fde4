/**
 * Trees of rows, deleted and restored at random by callers of whom row-level security hides rows, and
 * compared with a model: composite keys, rows that belong to rows of their own table (in circles as
 * well), tables that are reached by two ways, rows that are visible and may not be deleted.
 */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { auditPlugin } from "@kysera/audit";
import { d1Dialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { defineRLSSchema, deny, filter, rlsPlugin } from "@kysera/rls";
import {
  restore,
  softDelete,
  SoftDeleteError,
  softDeletePlugin,
  type SoftDeleteRelation,
} from "@kysera/soft-delete";
import * as fc from "fast-check";
import { Kysely } from "kysely";
import process from "node:process";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { startEdgeRuntime } from "../support/miniflare.ts";
import { openNeon } from "../support/neon.ts";
import { fuzzProperty, runsAll } from "../support/random.ts";

const TABLES = ["tr_nodes", "tr_items", "tr_notes", "tr_locks", "tr_pins"] as const;
type Table = typeof TABLES[number];
/** Those whose rows are marked. */
const MARKED: readonly Table[] = ["tr_nodes", "tr_items", "tr_notes", "tr_locks"];

const RELATIONS: readonly SoftDeleteRelation[] = [
  {
    table: "tr_nodes",
    columns: ["up_space", "up"],
    references: "tr_nodes",
    referencedColumns: ["space", "id"],
    onDelete: "cascade",
  },
  { table: "tr_items", columns: ["space", "node"], references: "tr_nodes", onDelete: "cascade" },
  { table: "tr_notes", columns: "item", references: "tr_items", onDelete: "cascade" },
  // By a second way.
  { table: "tr_notes", columns: ["space", "node"], references: "tr_nodes", onDelete: "cascade" },
  { table: "tr_locks", columns: "item", references: "tr_items", onDelete: "restrict" },
  { table: "tr_locks", columns: ["space", "node"], references: "tr_nodes", onDelete: "restrict" },
  { table: "tr_pins", columns: "item", references: "tr_items", onDelete: "restrict" },
];

/** A row: of another table but `tr_nodes` the columns that it has are fewer. */
interface Row {
  readonly space: number;
  readonly id: number;
  readonly up_space: number | null;
  readonly up: number | null;
  readonly node: number | null;
  readonly item: number | null;
  readonly org: number;
  readonly frozen: number;
  /** Whether it is deleted from the start, by a statement that knows of no ids. */
  readonly wasDeleted: boolean;
}

interface Kept extends Row {
  /** `undefined` of a live row. */
  deletion: symbol | null | undefined;
}

type World = Record<Table, Kept[]>;

const COLUMNS: Readonly<Record<Table, readonly (keyof Row)[]>> = {
  tr_nodes: ["space", "id", "up_space", "up", "org", "frozen"],
  tr_items: ["id", "space", "node", "org", "frozen"],
  tr_notes: ["id", "space", "node", "item", "org", "frozen"],
  tr_locks: ["id", "space", "node", "item", "org", "frozen"],
  tr_pins: ["id", "item", "org", "frozen"],
};

function keyOf(table: Table): readonly (keyof Row)[] {
  return table === "tr_nodes" ? ["space", "id"] : ["id"];
}

const listOf = (names: string | readonly string[]): readonly (keyof Row)[] =>
  (typeof names === "string" ? [names] : names) as readonly (keyof Row)[];

function belongs(child: Kept, parent: Kept, relation: SoftDeleteRelation): boolean {
  const referenced = relation.referencedColumns === undefined
    ? keyOf(relation.references as Table)
    : listOf(relation.referencedColumns);
  return listOf(relation.columns).every((column, i) =>
    child[column] !== null && child[column] === parent[referenced[i]!]
  );
}

class Refused extends Error {
  readonly code: "RESTRICTED" | "CASCADE_REFUSED";

  constructor(code: "RESTRICTED" | "CASCADE_REFUSED") {
    super(code);
    this.code = code;
  }
}

/** What is to happen to the rows. */
class Model {
  readonly world: World;
  readonly caller: number;

  constructor(world: World, caller: number) {
    this.world = world;
    this.caller = caller;
  }

  seen(table: Table): Kept[] {
    return this.world[table].filter(({ org }) => org === this.caller);
  }

  /** The tables that are reached from one by cascades. */
  reached(table: Table, found = new Set<string>([table])): Set<string> {
    for (const { table: child, references, onDelete } of RELATIONS) {
      if (onDelete !== "cascade" || references !== table || found.has(child)) continue;
      found.add(child);
      this.reached(child as Table, found);
    }
    return found;
  }

  delete(table: Table, isAsked: (row: Kept) => boolean): number {
    const deletion = Symbol();
    const live = (name: Table): Kept[] =>
      this.seen(name).filter((row) => row.deletion === undefined);
    const tables = this.reached(table);
    const asked = live(table).filter(isAsked);
    const first = RELATIONS.filter(({ references, onDelete, table: child }) =>
      references === table && onDelete === "restrict" && !tables.has(child)
    );
    for (const relation of first) {
      const children = live(relation.table as Table);
      if (asked.some((row) => children.some((child) => belongs(child, row, relation)))) {
        throw new Refused("RESTRICTED");
      }
    }
    const gone = new Map<Table, Set<Kept>>(TABLES.map((name) => [name, new Set()]));
    const mark = (name: Table, row: Kept): void => {
      row.deletion = deletion;
      gone.get(name)!.add(row);
    };
    for (const row of asked) if (row.frozen === 0) mark(table, row);
    const changed = gone.get(table)!.size;
    const owned = (row: Kept, relation: SoftDeleteRelation): boolean =>
      [...gone.get(relation.references as Table)!].some((parent) => belongs(row, parent, relation));
    for (let more = true; more;) {
      more = false;
      for (const relation of RELATIONS) {
        if (relation.onDelete !== "cascade") continue;
        for (const row of live(relation.table as Table)) {
          if (row.frozen === 1 || !owned(row, relation)) continue;
          mark(relation.table as Table, row);
          more = true;
        }
      }
    }
    for (const onDelete of ["restrict", "cascade"]) {
      for (const relation of RELATIONS) {
        if (relation.onDelete !== onDelete) continue;
        if (!live(relation.table as Table).some((row) => owned(row, relation))) continue;
        throw new Refused(onDelete === "restrict" ? "RESTRICTED" : "CASCADE_REFUSED");
      }
    }
    return changed;
  }

  restore(table: Table, isAsked: (row: Kept) => boolean): number {
    let changed = 0;
    const asked = this.seen(table).filter((row) => row.deletion !== undefined && isAsked(row));
    for (const deletion of new Set(asked.map(({ deletion }) => deletion))) {
      const back = new Map<Table, Set<Kept>>(TABLES.map((name) => [name, new Set()]));
      const restore = (name: Table, row: Kept): void => {
        row.deletion = undefined;
        back.get(name)!.add(row);
      };
      for (const row of asked) {
        if (row.deletion === deletion && row.frozen === 0) restore(table, row);
      }
      changed += back.get(table)!.size;
      if (deletion === null) continue;
      const owned = (row: Kept, relation: SoftDeleteRelation): boolean =>
        [...back.get(relation.references as Table)!].some((parent) =>
          belongs(row, parent, relation)
        );
      const deleted = (name: Table): Kept[] =>
        this.seen(name).filter((row) => row.deletion === deletion);
      const tables = this.reached(table);
      const cascades = RELATIONS.filter(({ onDelete, references }) =>
        onDelete === "cascade" && tables.has(references)
      );
      for (let more = true; more;) {
        more = false;
        for (const relation of cascades) {
          for (const row of deleted(relation.table as Table)) {
            if (row.frozen === 1 || !owned(row, relation)) continue;
            restore(relation.table as Table, row);
            more = true;
          }
        }
      }
      for (const relation of cascades) {
        if (deleted(relation.table as Table).some((row) => owned(row, relation))) {
          throw new Refused("CASCADE_REFUSED");
        }
      }
    }
    return changed;
  }
}

const space = fc.constantFrom(1, 1, 1, 1, 2);
const ref = fc.option(fc.integer({ min: 1, max: 3 }), { freq: 8 });
const row: fc.Arbitrary<Row> = fc.record({
  space,
  id: fc.integer({ min: 1, max: 4 }),
  up_space: fc.option(space, { freq: 8 }),
  up: ref,
  node: ref,
  item: ref,
  org: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 2),
  frozen: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  wasDeleted: fc.constantFrom(false, false, false, false, true),
});
const rowsOf = (table: Table, most: number): fc.Arbitrary<Row[]> =>
  fc.uniqueArray(row, {
    selector: (each) => keyOf(table).map((column) => each[column]).join(),
    maxLength: most,
    minLength: 1,
  });
const worlds: fc.Arbitrary<Record<Table, Row[]>> = fc.record({
  tr_nodes: rowsOf("tr_nodes", 7),
  tr_items: rowsOf("tr_items", 4),
  tr_notes: rowsOf("tr_notes", 4),
  tr_locks: rowsOf("tr_locks", 1),
  tr_pins: rowsOf("tr_pins", 1),
});
/** A deletion or a restoration. */
interface Op {
  readonly act: "delete" | "restore";
  readonly table: Table;
  readonly ids: number[];
  readonly space: number;
  readonly caller: number;
  readonly inTransaction: boolean;
  /** Whether it is about the rows of an operation before. */
  readonly like: number | null;
}

const ops: fc.Arbitrary<Op[]> = fc.array(
  fc.record<Op>({
    act: fc.constantFrom("delete" as const, "delete" as const, "restore" as const),
    table: fc.constantFrom(...MARKED),
    ids: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
    space,
    caller: fc.constantFrom(1, 1, 1, 1, 2),
    inTransaction: fc.boolean(),
    like: fc.option(fc.nat(7), { freq: 2 }),
  }),
  { minLength: 2, maxLength: 10 },
);

const plain: Row = {
  space: 1,
  id: 1,
  up_space: null,
  up: null,
  node: null,
  item: null,
  org: 1,
  frozen: 0,
  wasDeleted: false,
};
const op: Op = {
  act: "delete",
  table: "tr_nodes",
  ids: [1],
  space: 1,
  caller: 1,
  inTransaction: false,
  like: null,
};
const tree = {
  tr_nodes: [plain, { ...plain, id: 2, up_space: 1, up: 1 }],
  tr_items: [{ ...plain, node: 2 }],
  tr_notes: [{ ...plain, item: 1 }, { ...plain, id: 2, item: 1, wasDeleted: true }],
  tr_locks: [plain],
  tr_pins: [plain].map((pin) => ({ ...pin, item: 4 })),
};
/** Cases that there are in each run: whole trees, and one that each rule refuses. */
const EXAMPLES: [Record<Table, Row[]>, Op[]][] = [
  [tree, [op, { ...op, act: "restore" }]],
  [{ ...tree, tr_locks: [{ ...plain, item: 1 }] }, [op, { ...op, inTransaction: true }]],
  [{ ...tree, tr_notes: [{ ...plain, item: 1, frozen: 1 }] }, [op]],
  [{ ...tree, tr_notes: [{ ...plain, item: 1, org: 2 }] }, [op, { ...op, caller: 2 }]],
];

/** A database that the trees are in. */
interface Subject {
  open(): Promise<TestDatabase>;
  /** How many cases there are, beside the examples. */
  readonly runs: { readonly numRuns: number; readonly seed: number };
  /** Whether it has interactive transactions; else each call is a batch. */
  readonly hasTransactions: boolean;
}

function trees({ open, runs, hasTransactions }: Subject): void {
  async function createTables(db: Kysely<any>): Promise<void> {
    for (const table of TABLES) {
      let create = db.schema.createTable(table);
      for (const column of COLUMNS[table]) {
        create = create.addColumn(
          column,
          "integer",
          (c) => keyOf(table).includes(column) ? c.notNull() : c,
        );
      }
      if (MARKED.includes(table)) {
        create = create.addColumn("deleted_at", "varchar(30)")
          .addColumn("deletion_id", "varchar(36)");
      }
      await create.addPrimaryKeyConstraint(`${table}_key`, [...keyOf(table)] as never[]).execute();
    }
  }

  async function executorOn(db: Kysely<any>): Promise<Kysely<any>> {
    const policies = [
      filter("all", (ctx) => ({ org: ctx.auth.tenantId })),
      deny(["update", "delete"], { frozen: 1 }),
    ];
    return await createExecutor(db, [
      rlsPlugin({
        schema: defineRLSSchema<any>(
          Object.fromEntries(TABLES.map((name) => [name, { policies }])),
        ),
      }),
      softDeletePlugin({ relations: RELATIONS, deletedValue: () => "gone" }),
      auditPlugin({ tables: [...TABLES] }),
    ]);
  }

  async function deletedIn(db: Kysely<any>): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const table of MARKED) {
      const rows = await db.selectFrom(table).selectAll().where("deleted_at", "is not", null)
        .execute();
      found[table] = rows.map((each) => keyOf(table).map((c) => each[c]).join()).sort();
    }
    return found;
  }

  function deletedOf(world: World): Record<string, string[]> {
    return Object.fromEntries(MARKED.map((table) => [
      table,
      world[table].filter(({ deletion }) => deletion !== undefined)
        .map((each) => keyOf(table).map((c) => each[c]).join()).sort(),
    ]));
  }

  const changes = (before: Record<string, string[]>, after: Record<string, string[]>): number =>
    Object.keys(after).reduce((sum, table) => {
      const [a, b] = [new Set(before[table]), new Set(after[table])];
      return sum + [...a].filter((each) => !b.has(each)).length +
        [...b].filter((each) => !a.has(each)).length;
    }, 0);

  it("are deleted and restored as the model says, audited, and never what policies hide", async () => {
    const { db, close } = await open();
    try {
      await createTables(db);
      const executor = await executorOn(db);
      const seen = { done: 0, RESTRICTED: 0, CASCADE_REFUSED: 0, restored: 0 };
      const entries = async (): Promise<number> =>
        Number(
          (await db.selectFrom("audit_logs").select((eb) => eb.fn.countAll().as("n"))
            .executeTakeFirstOrThrow()).n,
        );
      await fc.assert(
        fc.asyncProperty(worlds, ops, async (rows, ops) => {
          for (const table of TABLES) {
            await db.deleteFrom(table).execute();
            await db.insertInto(table).values(
              rows[table].map((each) =>
                Object.fromEntries([
                  ...COLUMNS[table].map((column) => [column, each[column]]),
                  ...MARKED.includes(table)
                    ? [["deleted_at", each.wasDeleted ? "before" : null]]
                    : [],
                ])
              ),
            ).execute();
          }
          let world = Object.fromEntries(
            TABLES.map((name) => [
              name,
              rows[name].map((r) => ({
                ...r,
                deletion: r.wasDeleted && MARKED.includes(name) ? null : undefined,
              })),
            ]),
          ) as unknown as World;
          for (const [i, op] of ops.entries()) {
            const { act, inTransaction } = op;
            const { table, ids, space, caller } = op.like === null || i === 0
              ? op
              : ops[op.like % i]!;
            const isAsked = (each: Kept): boolean =>
              ids.includes(each.id) && (table !== "tr_nodes" || each.space === space);
            const before = deletedOf(world);
            const next = structuredCloneOf(world);
            let expected: number | string;
            try {
              const model = new Model(next, caller);
              expected = act === "delete"
                ? model.delete(table, isAsked)
                : model.restore(table, isAsked);
              world = next;
              seen.done += act === "delete" && changes(before, deletedOf(world)) > 1 ? 1 : 0;
              seen.restored += act === "restore" && changes(before, deletedOf(world)) > 1 ? 1 : 0;
            } catch (error) {
              if (!(error instanceof Refused)) throw error;
              expected = error.code;
              seen[error.code]++;
            }
            const keys = ids.map((id) => table === "tr_nodes" ? { space, id } : id);
            const run = async (on: Kysely<any>): Promise<number | string> => {
              try {
                return await (act === "delete" ? softDelete : restore)(on, table, keys);
              } catch (error) {
                if (error instanceof SoftDeleteError) return error.code;
                throw error;
              }
            };
            const bound: Kysely<any> = bindContext(executor, {
              auth: { userId: caller, roles: [], tenantId: caller },
            });
            const written = await entries();
            const got = inTransaction && hasTransactions
              ? await bound.transaction().execute(run)
              : await run(bound);
            assert.equal(got, expected, `${act} ${table} ${JSON.stringify(keys)} by ${caller}`);
            const after = deletedOf(world);
            assert.deepEqual(await deletedIn(db), after);
            assert.equal(await entries() - written, changes(before, after));
          }
        }),
        { ...runs, examples: EXAMPLES },
      );
      for (const [what, count] of Object.entries(seen)) assert.ok(count > 0, what);
    } finally {
      await close();
    }
  });
}

onEveryDialect("trees of soft-deleted rows", ({ name, open }) => {
  trees({
    open: () => open({ connections: 1 }),
    runs: fuzzProperty(name === "sqlite" ? 300 : 100),
    hasTransactions: true,
  });
});

const { runtime, skip } = await startEdgeRuntime(1);
after(() => runtime?.close());

describe("trees of soft-deleted rows [d1]", { skip: skip ?? false }, () => {
  trees({
    async open() {
      const db = new Kysely<any>({ dialect: d1Dialect({ database: await runtime!.openD1() }) });
      return { db, close: () => db.destroy() };
    },
    // Each case is some hundred requests.
    runs: { ...fuzzProperty(20), numRuns: EXAMPLES.length + (runsAll() ? 20 : 2) },
    hasTransactions: false,
  });
});

const postgresUrl = process.env["KYSERA_TEST_POSTGRES_URL"];
const noServer = postgresUrl === undefined && "KYSERA_TEST_POSTGRES_URL is not set";

describe("trees of soft-deleted rows [neon]", { skip: noServer }, () => {
  trees({ open: () => openNeon(postgresUrl!), runs: fuzzProperty(100), hasTransactions: false });
});

/** A copy of rows whose deletions are the same: symbols cannot be cloned. */
function structuredCloneOf(world: World): World {
  return Object.fromEntries(
    Object.entries(world).map(([name, rows]) => [name, rows.map((each) => ({ ...each }))]),
  ) as World;
}
