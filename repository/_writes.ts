import { assertKnownOptions, BadRequestError, isPlainObject, NotFoundError } from "@kysera/core";
import { columnReference, inOneRun } from "@kysera/executor";
import type { DeleteResult, Kysely, SelectQueryBuilder, UpdateQueryBuilder } from "kysely";
import { type BatchedWrite, needsBatch, runInBatch } from "./_batch.ts";
import { constantOf, type ReadCondition } from "./_condition.ts";
import { columnsOf } from "./_condition_columns.ts";
import { insertAll, insertAlone, readBack } from "./_insert.ts";
import { assertList } from "./_assert_list.ts";
import { type Reads, reads } from "./_reads.ts";
import type { At, Row, Table, UpsertInput } from "./_table.ts";
import { inSavepoint, inTransaction } from "./_together.ts";
import { upsertRow, upsertRows } from "./_upsert.ts";
import { checkedVersion, counted, givenVersion } from "./_version.ts";
import { telling } from "./_told.ts";
import { StaleRowError } from "./errors.ts";
import { insertCounting, readKey, upsertIf, upsertManyIf } from "./_conditional_writes.ts";
import type {
  ConditionalUpsertOptions,
  FirstOrCreated,
  FirstOrCreateOptions,
  SkipDuplicates,
} from "./write_options.ts";
import type { UpdateOptions, UpsertOptions } from "./types.ts";

const UPSERT_OPTIONS = ["conflictColumns", "updateColumns", "updateWhere"];
const CREATE_OPTIONS = ["skipDuplicates", "conflictColumns"];

/** The methods of a repository that write. */
export interface Writes {
  create(input: unknown): Promise<any>;
  update(id: unknown, input: unknown, options?: UpdateOptions): Promise<any>;
  delete(id: unknown): Promise<boolean>;
  upsert(input: unknown, options: ConditionalUpsertOptions<any>): Promise<any>;
  upsertMany(inputs: readonly unknown[], options: ConditionalUpsertOptions<any>): Promise<any[]>;
  firstOrCreate(input: unknown, options: FirstOrCreateOptions<any>): Promise<FirstOrCreated<any>>;
  createMany(inputs: readonly unknown[], options?: SkipDuplicates<any>): Promise<any>;
  bulkCreate(inputs: readonly unknown[]): Promise<any[]>;
  bulkUpdate(
    items: readonly ({ readonly id: unknown; readonly data: unknown } & UpdateOptions)[],
  ): Promise<any[]>;
  bulkDelete(ids: readonly unknown[]): Promise<number>;
  updateWhere(where: object, input: unknown): Promise<number>;
  deleteWhere(where: object): Promise<number>;
}

/** An update that was read. */
interface Change {
  readonly id: unknown;
  readonly key: readonly unknown[];
  readonly row: Row;
  readonly expected: unknown;
}

/** {@linkcode Writes}, and what they use of each other in a transaction. */
interface AllWrites extends Writes {
  changeAll(changes: readonly Change[]): Promise<unknown[]>;
}

/** Writing, on a table. Where a write gives no rows, it and the reading are one transaction. */
export function writes(
  table: Table,
  { getById, findById }: Pick<Reads, "getById" | "findById">,
): AllWrites {
  const { definition } = table;
  const { versionColumn, primaryKey } = definition;

  const withVersion = (row: Row): Row =>
    versionColumn === undefined || versionColumn in row ? row : { ...row, [versionColumn]: 1 };

  async function readUpsert(input: unknown, options: UpsertOptions<any>): Promise<UpsertInput> {
    const read = await table.upsert(input, options);
    if (versionColumn === undefined) return await complete(read);
    const version = givenVersion(input, versionColumn, `upsert into "${table.name}"`);
    const row = version === undefined ? read.row : { ...read.row, [versionColumn]: version };
    return await complete({ ...read, row: withVersion(row), version });
  }

  /** Where the insert comes first, it needs all columns; in steps, a row that is there needs none. */
  async function complete(input: UpsertInput): Promise<UpsertInput> {
    const { row } = input;
    if (table.returns && table.columns.mayLack(row)) await table.mustBeComplete(row);
    return input;
  }

  async function bulkCreate(inputs: readonly unknown[]): Promise<any[]> {
    assertList(inputs, "add rows");
    // All are validated before the first is written.
    const rows = (await table.rows(inputs, "create")).map(withVersion);
    for (const row of rows) if (table.columns.mayLack(row)) await table.mustBeComplete(row);
    return rows.length === 0 ? [] : await table.entities(await insertAll(table, rows));
  }

  async function insertRow(row: Row): Promise<Row> {
    return table.returns
      ? await insertAlone(table, row)
      : await inTransaction(table, (inside) => insertAlone(inside, row));
  }

  function updateOf(
    key: readonly unknown[],
    row: Row,
    expected: unknown,
  ): {
    readonly shape: string;
    readonly values: readonly unknown[];
    build(
      db: Kysely<any>,
      at: At,
      returning: boolean,
    ): UpdateQueryBuilder<any, any, any, any>;
  } {
    const columns = Object.keys(row);
    const values = [...Object.values(row), ...key, ...expected === undefined ? [] : [expected]];
    const shape = `update ${JSON.stringify(columns)} ${expected === undefined ? "" : "version"}`;
    const build = (
      db: Kysely<any>,
      at: At,
      returning: boolean,
    ): UpdateQueryBuilder<any, any, any, any> => {
      const set: Record<string, unknown> = {};
      columns.forEach((column, i) => set[column] = at(i));
      let query = db.updateTable(table.name).set((eb) => ({
        ...set,
        ...counted(table, eb),
      })).where((eb) => table.keyIs(eb, at, columns.length));
      if (expected !== undefined) {
        query = query.where(
          columnReference(table.name, versionColumn!),
          "=",
          at(columns.length + key.length),
        );
      }
      return returning ? query.returningAll() : query;
    };
    return { shape, values, build };
  }

  async function updateRow(
    key: readonly unknown[],
    row: Row,
    expected: unknown,
  ): Promise<Row | undefined> {
    const { shape, values, build } = updateOf(key, row, expected);
    if (table.returns) {
      return (await table.run(`${shape} *`, values, (db, at) => build(db, at, true))).rows[0];
    }
    return await inTransaction(table, async (inside) => {
      const [before] = await lock(inside, key);
      if (before === undefined) return undefined;
      const { numAffectedRows } = await inside.run(shape, values, (db, at) => build(db, at, false));
      if (numAffectedRows === 0n) return undefined;
      const changed = primaryKey.map((column) => row[column] ?? before[column]);
      return await readBack(inside, changed, { ...before, ...row });
    });
  }

  /** What an update is to do: validated, and nothing done yet. */
  async function readChange(id: unknown, input: unknown, options: UpdateOptions): Promise<Change> {
    assertKnownOptions(options, ["version"], { action: "update a row" });
    const action = `update a row of "${table.name}"`;
    const isAsked = Object.hasOwn(options, "version");
    if (isAsked && versionColumn === undefined) {
      throw new BadRequestError(
        `Cannot ${action}: a version was given, and the repository has no versionColumn`,
      );
    }
    const row = await table.row(input, "update");
    if (versionColumn === undefined) {
      return { id, key: table.keyValues(id), row, expected: undefined };
    }
    const inInput = givenVersion(input, versionColumn, action);
    const inOptions = isAsked ? checkedVersion(options.version, action) : undefined;
    delete row[versionColumn];
    return { id, key: table.keyValues(id), row, expected: inOptions ?? inInput };
  }

  async function change({ id, key, row, expected }: Change): Promise<any> {
    if (Object.keys(row).length === 0 && expected === undefined) return await getById(id);
    if (!table.isKeyUnique) await table.mustMeetOneRow([key]);
    const updated = await updateRow(key, row, expected);
    if (updated !== undefined) return await first(table, [updated]);
    throw await notUpdated({ id, expected });
  }

  /** Says why an update has changed no row. */
  async function notUpdated({ id, expected }: Pick<Change, "id" | "expected">): Promise<Error> {
    return expected !== undefined && await findById(id) !== null
      ? new StaleRowError(table.name, versionColumn!)
      : new NotFoundError(table.name, { id });
  }

  /** Changes rows where there are no transactions. */
  async function changeInBatch(changes: readonly Change[]): Promise<unknown[]> {
    if (!table.isKeyUnique) {
      for (const { key } of changes) await table.mustMeetOneRow([key]);
    }
    const writes = changes.map(({ key, row, expected }): BatchedWrite => {
      if (Object.keys(row).length === 0 && expected === undefined) {
        return { values: key, build: (db, at) => byKey(table, db, at) };
      }
      const { values, build } = updateOf(key, row, expected);
      return { values, build: (db, at) => build(db, at, true), rows: 1 };
    });
    // What is only read does not make the batch fail.
    for (const [i, { rows }] of writes.entries()) {
      if (rows === undefined) await getById(changes[i]!.id);
    }
    const results = await runInBatch(table, writes, (index) => notUpdated(changes[index]!));
    return await table.entities(results.flat());
  }

  async function mustHave(action: string, { condition }: ReadCondition): Promise<boolean> {
    return await table.mustHave(columnsOf(condition), `${action} of "${table.name}"`);
  }

  return {
    async update(id, input, options = {}) {
      return await change(await readChange(id, input, options));
    },
    bulkCreate,
    async create(input) {
      const row = withVersion(await table.row(input, "create"));
      if (table.columns.mayLack(row)) await table.mustBeComplete(row);
      return await first(table, [await insertRow(row)]);
    },
    async delete(id) {
      const key = table.keyValues(id);
      if (!table.isKeyUnique) await table.mustMeetOneRow([key]);
      const { numAffectedRows } = await table.run(
        "delete",
        key,
        (db, at) => db.deleteFrom(table.name).where((eb) => table.keyIs(eb, at)),
      );
      return (numAffectedRows ?? 0n) > 0n;
    },
    async upsert(input, options) {
      assertKnownOptions(options, [...UPSERT_OPTIONS, "outcome"], { action: "upsert a row" });
      const { updateWhere, outcome, ...rest } = options;
      if (outcome !== undefined && typeof outcome !== "boolean") {
        throw new BadRequestError("Cannot upsert a row: outcome is true or false");
      }
      const read = await readUpsert(input, rest);
      if (updateWhere === undefined && outcome !== true) {
        return await first(table, [await upsertRow(table, read)]);
      }
      const done = await upsertIf(table, read, updateWhere);
      const data = await first(table, [done.row]);
      return outcome === true ? { data, outcome: done.outcome } : data;
    },
    async firstOrCreate(input, options) {
      const action = "find or create a row";
      assertKnownOptions(options, ["conflictColumns"], { action });
      readKey(table, options.conflictColumns, action);
      const { row, outcome } = await upsertIf(table, await readUpsert(input, options), null);
      return { data: await first(table, [row]), created: outcome === "created" };
    },
    async createMany(inputs, options) {
      if (options === undefined) return await bulkCreate(inputs);
      const action = "add rows";
      assertList(inputs, action);
      assertKnownOptions(options, CREATE_OPTIONS, { action });
      const { conflictColumns, skipDuplicates } = options;
      if (skipDuplicates !== true) {
        throw new BadRequestError(
          "Cannot add rows: skipDuplicates is to be true; without it, pass no options",
        );
      }
      const key = conflictColumns && readKey(table, conflictColumns, action);
      if (key !== undefined) await table.mustHave(key, action);
      const rows = (await table.rows(inputs, "create")).map(withVersion);
      for (const row of rows) if (table.columns.mayLack(row)) await table.mustBeComplete(row);
      if (rows.length === 0) return { created: 0, skipped: 0 };
      return await insertCounting(table, rows, key);
    },
    async upsertMany(inputs, options) {
      assertList(inputs, "upsert rows");
      assertKnownOptions(options, UPSERT_OPTIONS, { action: "upsert rows" });
      // All are validated before the first is written.
      await table.knowFor(inputs, "create");
      const { updateWhere, ...rest } = options;
      const read: UpsertInput[] = [];
      for (const input of inputs) read.push(await readUpsert(input, rest));
      if (updateWhere !== undefined && read.length > 0) {
        return await table.entities(await upsertManyIf(table, read, updateWhere));
      }
      return await table.entities(await upsertRows(table, read));
    },
    async bulkUpdate(items) {
      assertList(items, "update rows");
      // All are validated before the first is written.
      if (items.every(isPlainObject)) await table.knowFor(items.map(({ data }) => data), "update");
      const changes: Change[] = [];
      for (const item of items) {
        assertKnownOptions(item, ["id", "data", "version"], { action: "update rows" });
        const { id, data, ...options } = item;
        changes.push(await readChange(id, data, options));
      }
      if (changes.length === 0) return [];
      if (table.returns && needsBatch(table)) return await changeInBatch(changes);
      return await inSavepoint(table, async (inside) => {
        const { changeAll } = writes(inside, reads(inside));
        return await changeAll(changes);
      });
    },
    async changeAll(changes) {
      const out: unknown[] = [];
      for (const each of changes) out.push(await change(each));
      return out;
    },
    async bulkDelete(ids) {
      assertList(ids, "delete rows");
      if (ids.length === 0) return 0;
      const keys = ids.map((id) => table.keyValues(id));
      const parts = table.keyParts(keys);
      let count = 0n;
      const part = async (inside: Table, keys: readonly unknown[][]): Promise<void> => {
        if (!inside.isKeyUnique) await inside.mustMeetOneRow(keys);
        const result = await telling(inside, () =>
          inOneRun(
            inside.db,
            (db) =>
              db.deleteFrom(table.name).where((eb) => table.keyIsIn(eb, keys)).executeTakeFirst(),
          ));
        count += result.numDeletedRows;
      };
      if (parts.length === 1) await part(table, keys);
      else if (needsBatch(table)) count = await deleteInBatch(table, parts);
      else {
        await inSavepoint(table, async (inside) => {
          for (const keys of parts) await part(inside, keys);
        });
      }
      return Number(count);
    },
    async updateWhere(where, input) {
      // What is wrong with it is told before anything is sent; it is made when the types are known.
      let read = condition(table, where, "update rows");
      const row = await table.row(input, "update");
      await table.know();
      await mustHave("update rows", read);
      read = condition(table, where, "update rows");
      if (versionColumn !== undefined && Object.hasOwn(input as Row, versionColumn)) {
        throw new BadRequestError(
          `Cannot update rows of "${table.name}": the input has "${versionColumn}", which only ` +
            "update() compares; leave it out",
        );
      }
      const columns = Object.keys(row);
      if (columns.length === 0) {
        throw new BadRequestError(
          `Cannot update rows of "${table.name}": nothing is to be changed`,
        );
      }
      const { numAffectedRows } = await table.run(
        `update where ${JSON.stringify(columns)} ${read.shape}`,
        [...Object.values(row), ...read.values],
        (db, at) =>
          db.updateTable(table.name).set((eb) => ({
            ...Object.fromEntries(columns.map((column, i) => [column, at(i)])),
            ...counted(table, eb),
          })).where((eb) => table.slots(read, eb, at, columns.length)),
      );
      return Number(numAffectedRows ?? 0n);
    },
    async deleteWhere(where) {
      let read = condition(table, where, "delete rows");
      if (await mustHave("delete rows", read)) read = condition(table, where, "delete rows");
      const { numAffectedRows } = await table.run(
        `delete where ${read.shape}`,
        read.values,
        (db, at) => db.deleteFrom(table.name).where((eb) => table.slots(read, eb, at)),
      );
      return Number(numAffectedRows ?? 0n);
    },
  };
}

async function first(table: Table, rows: readonly Row[]): Promise<any> {
  return (await table.entities(rows))[0];
}

/** Deletes rows where there are no transactions. @returns how many */
async function deleteInBatch(
  table: Table,
  parts: readonly (readonly unknown[][])[],
): Promise<bigint> {
  const writes: BatchedWrite[] = [];
  for (const part of parts) {
    if (!table.isKeyUnique) await table.mustMeetOneRow(part);
    writes.push({
      values: [],
      build: (db) => db.deleteFrom(table.name).where((eb) => table.keyIsIn(eb, part)),
    });
  }
  // None of them has to change a certain number of rows.
  const results = await runInBatch(table, writes, (_, cause) => cause);
  return results.reduce((sum, [result]) => sum + (result as DeleteResult).numDeletedRows, 0n);
}

function byKey(table: Table, db: Kysely<any>, at: At): SelectQueryBuilder<any, any, any> {
  return db.selectFrom(table.name).selectAll().where((eb) => table.keyIs(eb, at));
}

async function lock(table: Table, key: readonly unknown[]): Promise<Row[]> {
  const { rows } = await table.run(
    "lock by id",
    key,
    (db, at) => byKey(table, db, at).forUpdate(),
  );
  return rows;
}

function condition(
  table: Table,
  where: object,
  action: string,
): ReturnType<Table["condition"]> {
  const read = table.condition(where);
  if (constantOf(read.condition) !== true) return read;
  throw new BadRequestError(
    `Cannot ${action} of "${table.name}": the condition holds for every row; to mean all rows, write the ` +
      "query with the builder: repository.executor",
  );
}
