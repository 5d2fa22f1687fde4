import { auditPlugin } from "@kysera/audit";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin, RLSPolicyViolation } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";
import {
  definition,
  type Drawn,
  drawnTable,
  folded,
  OTHER_SCHEMA,
  type Row,
  type Step,
  tableName,
} from "./random_schema.ts";

/** How many tables are drawn: a table on a server costs the more the further it is away. */
const RUNS = { sqlite: 300, pglite: 40, postgres: 80, mysql: 80 };

onEveryDialect("policies of a table that is drawn at random", (dialect) => {
  it("hold whatever is done, as a model of them does", { timeout: 600_000 }, async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await sql`create table parents (id integer primary key)`.execute(db);
      if (dialect.dialect === "sqlite") await sql`attach ':memory:' as drawn_other`.execute(db);
      if (dialect.dialect === "postgres") await sql`create schema drawn_other`.execute(db);
      await fc.assert(
        fc.asyncProperty(drawnTable(dialect), async (drawn) => {
          await new World(dialect, db, drawn).run();
        }),
        fuzzProperty(RUNS[dialect.name]),
      );
    } finally {
      if (dialect.dialect === "postgres") {
        await sql`drop schema if exists drawn_other cascade`.execute(db);
      }
      await close();
    }
  });
});

/** One drawn table, beside the model of its rows. */
class World {
  readonly #dialect: TestDialect;
  readonly #db: Kysely<any>;
  readonly #drawn: Drawn;
  #rows: Row[];

  constructor(dialect: TestDialect, db: Kysely<any>, drawn: Drawn) {
    this.#dialect = dialect;
    this.#db = db;
    this.#drawn = drawn;
    this.#rows = [...drawn.rows];
  }

  async run(): Promise<void> {
    const { steps, extras } = this.#drawn;
    const db = this.#db;
    const table = tableName(this.#drawn);
    const written = sql.table(table);
    await definition(this.#drawn, this.#dialect.dialect).execute(db);
    try {
      for (const part of extras.includes("partitions") ? [0, 1] : []) {
        await sql`create table ${sql.table(`drawn_part_${part}`)} partition of ${written}
          for values with (modulus 2, remainder ${sql.lit(part)})`.execute(db);
      }
      if (extras.includes("index")) {
        const other = extras.includes("schema") && this.#dialect.dialect === "sqlite";
        const index = other ? sql.table(`${OTHER_SCHEMA}.drawn_index`) : sql.table("drawn_index");
        const on = other ? sql.id(this.#drawn.table) : written;
        await sql`create index ${index} on ${on} (note)`.execute(db);
      }
      if (extras.includes("view")) {
        const kind = this.#dialect.dialect === "sqlite" ? sql`temp view` : sql`view`;
        await sql`create ${kind} drawn_view as select * from ${written}`.execute(db);
      }
      if (extras.includes("trigger")) await this.#addTrigger();
      if (this.#rows.length > 0) {
        await db.insertInto(table).values(this.#rows.map((row) => this.#written(row))).execute();
      }
      const executor = await createExecutor(db, this.#plugins());
      for (const step of steps) {
        const { tenant, owner } = step.caller;
        const auth = { userId: owner, tenantId: tenant, roles: [] };
        await this.#do(step, bindContext(executor, { auth }));
        assert.deepEqual(await this.#stored(), this.#texts(this.#rows), JSON.stringify(step));
      }
    } finally {
      if (this.#dialect.dialect === "postgres") {
        await sql`drop function if exists drawn_trigger cascade`.execute(db);
      }
      await sql`drop view if exists drawn_view`.execute(db);
      await sql`drop table ${written}`.execute(db);
      await sql`drop table if exists audit_logs`.execute(db);
    }
  }

  /** A trigger that changes what no policy looks at. */
  async #addTrigger(): Promise<void> {
    const isOther = this.#drawn.extras.includes("schema");
    const table = sql.table(tableName(this.#drawn));
    switch (this.#dialect.dialect) {
      case "sqlite": {
        const name = isOther
          ? sql.table(`${OTHER_SCHEMA}.drawn_trigger`)
          : sql.table("drawn_trigger");
        const own = sql.id(this.#drawn.table);
        const same = sql.join(
          this.#drawn.key.map(({ name }) => sql`${sql.id(name)} = new.${sql.id(name)}`),
          sql` and `,
        );
        return void await sql`create trigger ${name} after insert on ${own} begin
          update ${own} set touched = 1 where ${same}; end`.execute(this.#db);
      }
      case "postgres":
        await sql`create function drawn_trigger() returns trigger language plpgsql as
          'begin new.touched = 1; return new; end'`.execute(this.#db);
        return void await sql`create trigger drawn_trigger before insert or update on ${table}
          for each row execute function drawn_trigger()`.execute(this.#db);
      case "mysql":
        await sql`create trigger drawn_trigger before insert on ${table}
          for each row set new.touched = 1`.execute(this.#db);
    }
  }

  #plugins(): Plugin[] {
    const { columns, update, remove, plugins, extras } = this.#drawn;
    const table = tableName(this.#drawn);
    const own = (verb: "update" | "delete", who: Drawn["update"]) =>
      who === "tenant" ? [] : [
        who === "owner"
          ? allow<any>(verb, (ctx) => ({ [columns.owner]: ctx.auth.userId }))
          : allow<any>(verb, (ctx) => ctx.row[columns.owner] === ctx.auth.userId),
      ];
    const schema = defineRLSSchema<any>({
      [table]: {
        policies: [
          filter<any>("all", (ctx) => ({ [columns.tenant]: ctx.auth.tenantId })),
          ...own("update", update),
          ...own("delete", remove),
        ],
      },
      ...extras.includes("view")
        ? {
          drawn_view: {
            policies: [filter<any>("all", (ctx) => ({ [columns.tenant]: ctx.auth.tenantId }))],
          },
        }
        : {},
    });
    const more = {
      "audit": () => auditPlugin({ tables: [table] }),
      "timestamps": () => timestampsPlugin({ tables: [table] }),
      "soft delete": () => softDeletePlugin({ tables: [table] }),
    };
    return [rlsPlugin({ schema }), ...plugins.map((name) => more[name]())] as Plugin[];
  }

  async #do(step: Step, db: Kysely<any>): Promise<void> {
    const { columns, key, update, remove, extras, plugins } = this.#drawn;
    const table = tableName(this.#drawn);
    const { caller } = step;
    const mine = (row: Row) => this.#isTenants(row, caller);
    const mayUpdate = (row: Row) => mine(row) && this.#isFor(update, row, caller);
    const mayDelete = (row: Row) => mine(row) && this.#isFor(remove, row, caller);
    switch (step.does) {
      case "read":
      case "read the view": {
        const isView = step.does === "read the view";
        // A soft-deleted row is not a row of the model, and a view shows it.
        if (isView && (!extras.includes("view") || plugins.includes("soft delete"))) return;
        const query = db.selectFrom(isView ? "drawn_view" : table).select(
          key.map(({ name }) => name),
        );
        const { note } = step;
        const rows = await (note === undefined ? query : query.where("note", "=", note)).execute();
        const seen = this.#rows.filter((row) =>
          mine(row) && (note === undefined || row.note === note)
        );
        assert.equal(rows.length, seen.length, JSON.stringify(step));
        return;
      }
      case "update":
        await db.updateTable(table).set({ note: step.to }).where("note", "=", step.note).execute();
        return this.#change(
          (row) => row.note === step.note && mayUpdate(row),
          (row) => ({ ...row, note: step.to }),
        );
      case "move": {
        const { tenant, note } = step;
        const stays = this.#isTenants({ ...NOBODY, tenant }, caller);
        const query = db.updateTable(table).set({ [columns.tenant]: tenant })
          .where("note", "=", note);
        if (stays) {
          if (!await this.#isLetThrough(query.execute(), tenant, caller)) return;
          return this.#change(
            (row) => row.note === note && mayUpdate(row),
            (row) => ({ ...row, tenant }),
          );
        }
        const touched = this.#rows.some((row) => row.note === note && mayUpdate(row));
        return await mayRefuse(query.execute(), touched);
      }
      case "delete":
        await db.deleteFrom(table).where("note", "=", step.note).execute();
        this.#rows = this.#rows.filter((row) => !(row.note === step.note && mayDelete(row)));
        return;
      case "insert": {
        const { row } = step;
        if (this.#rows.some((each) => this.#hasKey(each, row.key))) return;
        const query = db.insertInto(table).values(this.#written(row));
        if (!mine(row)) return await mayRefuse(query.execute(), true);
        if (await this.#isLetThrough(query.execute(), row.tenant, caller)) this.#rows.push(row);
        return;
      }
      default: {
        const repository = createRepository(db, {
          tableName: table,
          primaryKey: key.length === 1 ? key[0]!.name : key.map(({ name }) => name),
        } as never) as any;
        const id = key.length === 1
          ? step.key[0]
          : Object.fromEntries(key.map(({ name }, i) => [name, step.key[i]]));
        const has = (row: Row) => this.#hasKey(row, step.key);
        if (step.does === "find by key") {
          const found = await repository.findById(id);
          const seen = this.#rows.some((row) => has(row) && mine(row));
          return assert.equal(found !== null, seen, JSON.stringify(step));
        }
        if (step.does === "update by key") {
          const may = this.#rows.some((row) => has(row) && mayUpdate(row));
          const done = repository.update(id, { note: "by key" });
          if (!may) return await assert.rejects(done, JSON.stringify(step));
          await done;
          return this.#change(has, (row) => ({ ...row, note: "by key" }));
        }
        const may = this.#rows.some((row) => has(row) && mayDelete(row));
        assert.equal(await repository.delete(id), may, JSON.stringify(step));
        if (may) this.#rows = this.#rows.filter((row) => !has(row));
      }
    }
  }

  #change(which: (row: Row) => boolean, change: (row: Row) => Row): void {
    this.#rows = this.#rows.map((row) => which(row) ? change(row) : row);
  }

  /**
   * What is written is the caller's. MySQL checks the values and not the row that is stored: of texts
   * that only the column's collation takes for the same, it lets none through.
   */
  async #isLetThrough(
    done: Promise<unknown>,
    tenant: Row["tenant"],
    caller: Step["caller"],
  ): Promise<boolean> {
    if (this.#dialect.dialect !== "mysql" || tenant === caller.tenant) return !!await done;
    return await done.then(() => true, (error) => {
      assert.ok(error instanceof RLSPolicyViolation, String(error));
      return false;
    });
  }

  #isTenants(row: Row, { tenant }: Step["caller"]): boolean {
    const { tenant: kind } = this.#drawn;
    return row.tenant !== null && folded(kind, row.tenant) === folded(kind, tenant);
  }

  #isFor(who: Drawn["update"], row: Row, { owner }: Step["caller"]): boolean {
    const { owner: kind } = this.#drawn;
    return who === "tenant" ||
      (row.owner !== null && folded(kind, row.owner) === folded(kind, owner));
  }

  #hasKey(row: Row, values: Row["key"]): boolean {
    return this.#drawn.key.every(({ kind }, i) =>
      folded(kind, row.key[i]!) === folded(kind, values[i]!)
    );
  }

  #written({ key, tenant, owner, note }: Row): Record<string, unknown> {
    const { columns } = this.#drawn;
    return {
      ...Object.fromEntries(this.#drawn.key.map(({ name }, i) => [name, key[i]])),
      [columns.tenant]: tenant,
      [columns.owner]: owner,
      [columns.note]: note,
    };
  }

  /** The rows of the database, as texts: no driver has a chance to round them. */
  async #stored(): Promise<string[]> {
    const { columns, key } = this.#drawn;
    const table = tableName(this.#drawn);
    const text = sql.raw(this.#dialect.dialect === "mysql" ? "char" : "text");
    const names = [...key.map(({ name }) => name), columns.tenant, columns.owner, columns.note];
    const { rows } = await sql<Record<string, string | null>>`select ${
      sql.join(names.map((name, i) => sql`cast(${sql.id(name)} as ${text}) as ${sql.id(`c${i}`)}`))
    } from ${sql.table(table)} ${
      this.#drawn.plugins.includes("soft delete") ? sql`where deleted_at is null` : sql``
    }`.execute(this.#db);
    return rows.map((row) => JSON.stringify(names.map((_, i) => row[`c${i}`]?.trimEnd() ?? null)))
      .sort();
  }

  #texts(rows: readonly Row[]): string[] {
    return rows.map(({ key, tenant, owner, note }) =>
      JSON.stringify([...key, tenant, owner, note].map((each) => each === null ? null : `${each}`))
    ).sort();
  }
}

const NOBODY: Row = { key: [], tenant: null, owner: null, note: "" };

/** @param must whether it has to be refused: where no row is touched it may be, and may not */
async function mayRefuse(done: Promise<unknown>, must: boolean): Promise<void> {
  try {
    await done;
  } catch (error) {
    assert.ok(error instanceof RLSPolicyViolation, String(error));
    return;
  }
  assert.ok(!must, "it has to be refused");
}
