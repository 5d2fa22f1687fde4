import { BadRequestError, NotFoundError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { Slot } from "@kysera/executor";
import type { InsertQueryBuilder, Kysely, UpdateQueryBuilder } from "kysely";
import type { Reads } from "./_reads.ts";
import { refuseUnknown } from "./_reads.ts";
import { type Row, Table } from "./_table.ts";
import { StaleRowError, UpsertConflictError } from "./errors.ts";
import type { UpdateOptions, UpsertOptions } from "./types.ts";

/** The methods of a repository that write. */
export interface Writes {
  create(input: unknown): Promise<any>;
  update(id: unknown, input: unknown, options?: UpdateOptions): Promise<any>;
  delete(id: unknown): Promise<boolean>;
  upsert(input: unknown, options: UpsertOptions<any>): Promise<any>;
  bulkCreate(inputs: readonly unknown[]): Promise<any[]>;
  bulkUpdate(items: readonly { readonly id: unknown; readonly data: unknown }[]): Promise<any[]>;
  bulkDelete(ids: readonly unknown[]): Promise<number>;
  updateWhere(where: object, input: unknown): Promise<number>;
  deleteWhere(where: object): Promise<number>;
}

/** Writing, on a table. Where a write gives no rows, it and the reading are one transaction. */
export function writes(
  table: Table,
  { getById, findById }: Pick<Reads, "getById" | "findById">,
): Writes {
  const { definition } = table;
  const { versionColumn, primaryKey } = definition;

  /** Runs writes on a table that is in a transaction: this one, or the same in a new one. */
  async function together<T>(run: (table: Table) => Promise<T>): Promise<T> {
    return await withTransaction(table.db, ({ db }) => run(new Table(definition, db)));
  }

  async function insertRow(row: Row): Promise<Row> {
    if (!table.returns) {
      return await together(async (inside) => {
        const { insertId } = await inside.run(...insertion(inside, row, false));
        return await readBack(inside, keyOfInserted(row, insertId, primaryKey), row);
      });
    }
    const { rows } = await table.run(...insertion(table, row, true));
    return rows[0]!;
  }

  async function updateRow(id: unknown, row: Row, expected: unknown): Promise<Row | undefined> {
    const columns = Object.keys(row);
    const key = table.keyValues(id);
    const values = [...Object.values(row), ...key, ...expected === undefined ? [] : [expected]];
    const shape = `update ${JSON.stringify(columns)} ${expected === undefined ? "" : "version"}`;
    const build = (db: Kysely<any>, returning: boolean): UpdateQueryBuilder<any, any, any, any> => {
      const set: Record<string, unknown> = {};
      columns.forEach((column, i) => set[column] = new Slot(i));
      let query = db.updateTable(table.name).set((eb) => ({
        ...set,
        ...versionColumn === undefined ? {} : { [versionColumn]: eb(versionColumn, "+", 1) },
      })).where((eb) => table.keyIs(eb, columns.length));
      if (expected !== undefined) {
        query = query.where(versionColumn!, "=", new Slot(columns.length + key.length));
      }
      return returning ? query.returningAll() : query;
    };
    if (table.returns) {
      return (await table.run(`${shape} *`, values, (db) => build(db, true))).rows[0];
    }
    return await together(async (inside) => {
      const [before] = await lock(inside, id);
      if (before === undefined) return undefined;
      const { numAffectedRows } = await inside.run(shape, values, (db) => build(db, false));
      if (numAffectedRows === 0n) return undefined;
      const changed = primaryKey.map((column) => row[column] ?? before[column]);
      return await readBack(inside, changed, { ...before, ...row });
    });
  }

  async function update(id: unknown, input: unknown, options: UpdateOptions = {}): Promise<any> {
    refuseUnknown(options, ["version"], "update a row");
    const { [versionColumn ?? ""]: given, ...row } = await table.row(input, "update");
    if (options.version !== undefined && versionColumn === undefined) {
      throw new BadRequestError(
        `Cannot update a row of "${table.name}": a version was given, and the repository has no ` +
          "versionColumn",
      );
    }
    const expected = options.version ?? given;
    if (Object.keys(row).length === 0 && expected === undefined) return await getById(id);
    const updated = await updateRow(id, row, expected);
    if (updated !== undefined) return (await table.entities([updated]))[0];
    if (expected !== undefined && await findById(id) !== null) {
      throw new StaleRowError(table.name, versionColumn!);
    }
    throw new NotFoundError(table.name, { id });
  }

  async function bulkCreate(inputs: readonly unknown[]): Promise<any[]> {
    // All are validated before the first is written.
    const rows: Row[] = [];
    for (const input of inputs) rows.push(withVersion(await table.row(input, "create")));
    if (rows.length === 0) return [];
    const out = new Array<Row>(rows.length);
    await together(async (inside) => {
      for (const group of sameColumns(rows)) await insertGroup(inside, rows, group, out);
    });
    return await table.entities(out);
  }

  const withVersion = (row: Row): Row =>
    versionColumn === undefined || versionColumn in row ? row : { ...row, [versionColumn]: 1 };

  return {
    update,
    bulkCreate,
    async create(input) {
      const row = withVersion(await table.row(input, "create"));
      return (await table.entities([await insertRow(row)]))[0];
    },
    async delete(id) {
      const { numAffectedRows } = await table.run(
        "delete",
        table.keyValues(id),
        (db) => db.deleteFrom(table.name).where((eb) => table.keyIs(eb)),
      );
      return (numAffectedRows ?? 0n) > 0n;
    },
    async upsert(input, options) {
      refuseUnknown(options, ["conflictColumns", "updateColumns"], "upsert a row");
      const row = withVersion(await table.row(input, "create"));
      const { conflictColumns } = options;
      if (conflictColumns.length === 0 || conflictColumns.some((column) => !(column in row))) {
        throw new BadRequestError(
          `Cannot upsert into "${table.name}": conflictColumns names columns that the input has ` +
            "no value for",
        );
      }
      const changed = options.updateColumns ??
        Object.keys(row).filter((column) =>
          !conflictColumns.includes(column) && column !== versionColumn
        );
      const written = table.returns
        ? await upsertAtOnce(table, row, conflictColumns, changed)
        : await together((inside) => upsertInSteps(inside, row, conflictColumns, changed));
      return (await table.entities([written]))[0];
    },
    async bulkUpdate(items) {
      return await withTransaction(table.db, async ({ db }) => {
        const inside = new Table(definition, db);
        const { update } = writes(inside, insideReads(inside));
        const out: unknown[] = [];
        for (const { id, data } of items) out.push(await update(id, data));
        return out;
      });
    },
    async bulkDelete(ids) {
      if (ids.length === 0) return 0;
      const keys = ids.map((id) => table.keyValues(id));
      const size = table.rowsPerStatement(primaryKey.length);
      let count = 0n;
      const part = async (db: Kysely<any>, keys: readonly unknown[][]): Promise<void> => {
        const result = await db.deleteFrom(table.name).where((eb) =>
          primaryKey.length === 1 ? eb(primaryKey[0]!, "in", keys.map(([value]) => value)) : eb.or(
            keys.map((key) => eb.and(primaryKey.map((column, i) => eb(column, "=", key[i])))),
          )
        ).executeTakeFirst();
        count += result.numDeletedRows;
      };
      if (keys.length <= size) await part(table.db, keys);
      else {
        await together(async ({ db }) => {
          for (let i = 0; i < keys.length; i += size) await part(db, keys.slice(i, i + size));
        });
      }
      return Number(count);
    },
    async updateWhere(where, input) {
      const read = condition(table, where, "update rows");
      const { [versionColumn ?? ""]: _, ...row } = await table.row(input, "update");
      const columns = Object.keys(row);
      if (columns.length === 0) {
        throw new BadRequestError(
          `Cannot update rows of "${table.name}": nothing is to be changed`,
        );
      }
      const { numAffectedRows } = await table.run(
        `update where ${JSON.stringify(columns)} ${read.shape}`,
        [...Object.values(row), ...read.values],
        (db) =>
          db.updateTable(table.name).set((eb) => ({
            ...Object.fromEntries(columns.map((column, i) => [column, new Slot(i)])),
            ...versionColumn === undefined ? {} : { [versionColumn]: eb(versionColumn, "+", 1) },
          })).where((eb) => table.slots(read, eb, columns.length)),
      );
      return Number(numAffectedRows ?? 0n);
    },
    async deleteWhere(where) {
      const read = condition(table, where, "delete rows");
      const { numAffectedRows } = await table.run(
        `delete where ${read.shape}`,
        read.values,
        (db) => db.deleteFrom(table.name).where((eb) => table.slots(read, eb)),
      );
      return Number(numAffectedRows ?? 0n);
    },
  };
}

type Insertion = readonly [
  shape: string,
  values: readonly unknown[],
  build: (db: Kysely<any>) => InsertQueryBuilder<any, any, any>,
];

function insertion(table: Table, row: Row, returning: boolean): Insertion {
  const columns = Object.keys(row);
  return [
    `insert ${JSON.stringify(columns)} ${returning ? "*" : ""}`,
    Object.values(row),
    (db) => {
      const into = db.insertInto(table.name);
      const query = columns.length === 0
        ? into.defaultValues()
        : into.values(Object.fromEntries(columns.map((column, i) => [column, new Slot(i)])));
      return returning ? query.returningAll() : query;
    },
  ];
}

/** Reads a row that was written; one that is hidden now is told by what was written. */
async function readBack(table: Table, key: readonly unknown[], written: Row): Promise<Row> {
  const { rows } = await table.run(
    "by id",
    key,
    (db) => db.selectFrom(table.name).selectAll().where((eb) => table.keyIs(eb)),
  );
  const { primaryKey } = table.definition;
  return rows[0] ??
    { ...written, ...Object.fromEntries(primaryKey.map((column, i) => [column, key[i]])) };
}

function keyOfInserted(
  row: Row,
  insertId: bigint | undefined,
  primaryKey: readonly string[],
): unknown[] {
  return primaryKey.map((column) => {
    if (row[column] !== undefined) return row[column];
    if (insertId !== undefined && insertId > 0n && primaryKey.length === 1) {
      return insertId <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(insertId) : insertId;
    }
    throw new BadRequestError(
      `Cannot read back the row that was added: the database does not tell its "${column}"; give ` +
        "it with the input",
    );
  });
}

async function lock(table: Table, id: unknown): Promise<Row[]> {
  const { rows } = await table.run(
    "lock by id",
    table.keyValues(id),
    (db) => db.selectFrom(table.name).selectAll().where((eb) => table.keyIs(eb)).forUpdate(),
  );
  return rows;
}

/** Indexes of rows that have the same columns: SQLite would give NULL for one that a row lacks. */
function sameColumns(rows: readonly Row[]): number[][] {
  const groups = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const key = JSON.stringify(Object.keys(row).sort());
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  });
  return [...groups.values()];
}

async function insertGroup(
  table: Table,
  rows: readonly Row[],
  group: readonly number[],
  out: Row[],
): Promise<void> {
  const columns = Object.keys(rows[group[0]!]!);
  const size = table.rowsPerStatement(columns.length);
  for (let start = 0; start < group.length; start += size) {
    const part = group.slice(start, start + size);
    const values = part.map((i) => rows[i]!);
    if (columns.length === 0 || (!table.returns && values.length > 1 && !hasKey(table, columns))) {
      // Nothing tells which of several rows got which key.
      for (const i of part) out[i] = await insertAlone(table, rows[i]!);
      continue;
    }
    const query = table.db.insertInto(table.name).values(values);
    if (table.returns) {
      const written = await query.returningAll().execute() as Row[];
      part.forEach((i, at) => out[i] = written[at]!);
    } else {
      await query.execute();
      const found = await rowsByKey(table, values);
      part.forEach((i) => out[i] = found.get(keyName(table, rows[i]!)) ?? rows[i]!);
    }
  }
}

async function insertAlone(table: Table, row: Row): Promise<Row> {
  const { rows, insertId } = await table.run(...insertion(table, row, table.returns));
  if (table.returns) return rows[0]!;
  const key = keyOfInserted(row, insertId, table.definition.primaryKey);
  return await readBack(table, key, row);
}

function hasKey(table: Table, columns: readonly string[]): boolean {
  return table.definition.primaryKey.every((column) => columns.includes(column));
}

function keyName(table: Table, row: Row): string {
  return table.keyName(table.definition.primaryKey.map((column) => row[column]));
}

async function rowsByKey(table: Table, rows: readonly Row[]): Promise<Map<string, Row>> {
  const { primaryKey } = table.definition;
  const found: Row[] = await table.db.selectFrom(table.name).selectAll().where((eb) =>
    primaryKey.length === 1
      ? eb(primaryKey[0]!, "in", rows.map((row) => row[primaryKey[0]!]))
      : eb.or(
        rows.map((row) => eb.and(primaryKey.map((column) => eb(column, "=", row[column])))),
      )
  ).execute();
  return new Map(found.map((row) => [keyName(table, row), row]));
}

async function upsertAtOnce(
  table: Table,
  row: Row,
  conflictColumns: readonly string[],
  changed: readonly string[],
): Promise<Row> {
  const { versionColumn } = table.definition;
  const written = await table.db.insertInto(table.name).values(row).onConflict((oc) =>
    oc.columns([...conflictColumns]).doUpdateSet((eb) => ({
      ...Object.fromEntries(
        // Where there is nothing to change, a change to itself lets the row be returned.
        (changed.length === 0 ? conflictColumns : changed).map((column) => [
          column,
          eb.ref(`excluded.${column}`),
        ]),
      ),
      ...versionColumn === undefined
        ? {}
        : { [versionColumn]: eb(`${table.name}.${versionColumn}`, "+", 1) },
    }))
  ).returningAll().executeTakeFirst() as Row | undefined;
  if (written === undefined) throw new UpsertConflictError(table.name);
  return written;
}

/** An upsert of locks and steps, for a dialect whose own takes no condition. */
async function upsertInSteps(
  table: Table,
  row: Row,
  conflictColumns: readonly string[],
  changed: readonly string[],
): Promise<Row> {
  const { versionColumn, primaryKey } = table.definition;
  const [before] = await table.db.selectFrom(table.name).selectAll().where((eb) =>
    eb.and(conflictColumns.map((column) => eb(column, "=", row[column])))
  ).forUpdate().execute() as Row[];
  if (before === undefined) return await insertAlone(table, row);
  const set: Row = Object.fromEntries(changed.map((column) => [column, row[column]]));
  if (changed.length > 0) {
    await table.db.updateTable(table.name).set((eb) => ({
      ...set,
      ...versionColumn === undefined ? {} : { [versionColumn]: eb(versionColumn, "+", 1) },
    })).where((eb) => eb.and(primaryKey.map((column) => eb(column, "=", before[column]))))
      .execute();
  }
  return await readBack(table, primaryKey.map((column) => set[column] ?? before[column]), {
    ...before,
    ...set,
  });
}

function condition(
  table: Table,
  where: object,
  action: string,
): ReturnType<Table["condition"]> {
  const read = table.condition(where);
  if (read.shape !== "()") return read;
  throw new BadRequestError(
    `Cannot ${action} of "${table.name}": the condition is empty; to mean all rows, write the ` +
      "query with the builder: repository.executor",
  );
}

function insideReads(table: Table): Pick<Reads, "getById" | "findById"> {
  const findById = async (id: unknown): Promise<any> => {
    const { rows } = await table.run(
      "by id",
      table.keyValues(id),
      (db) => db.selectFrom(table.name).selectAll().where((eb) => table.keyIs(eb)),
    );
    return rows.length === 0 ? null : (await table.entities(rows))[0];
  };
  return {
    findById,
    async getById(id) {
      const row = await findById(id);
      if (row === null) throw new NotFoundError(table.name, { id });
      return row;
    },
  };
}
