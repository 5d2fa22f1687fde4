/** Calls of repositories, as programs make them. */
import type { Answer } from "./answers.ts";
import type { Action, Input } from "./calls.ts";
import type { Row, Table } from "./tables.ts";

function columnsOf(table: Table, { k, ...rest }: Input): Row {
  return { ...k === undefined ? {} : table.keyColumns(k), ...rest };
}

/** Calls a repository. */
export async function perform(repository: any, table: Table, action: Action): Promise<Answer> {
  const one = (row: Row | null): Answer =>
    row === null ? { value: null } : { rows: [row], ordered: true };
  const list = (rows: Row[], ordered = true): Answer => ({ rows, ordered });
  const ids = (ks: readonly number[]) => ks.map((k) => table.id(k));
  const change = ({ k, data }: { k: number; data: Input }) => ({
    id: table.id(k),
    data: columnsOf(table, data),
  });
  switch (action.call) {
    case "findById":
    case "getById":
    case "findWithDeleted":
      return one(await repository[action.call](table.id(action.k)));
    case "findByIds":
      return list(await repository.findByIds(ids(action.ks)));
    case "keyIn": {
      const query = repository.query().selectAll().where(repository.keyIn(ids(action.ks)));
      return list(await query.execute(), false);
    }
    case "loader": {
      const loader = repository.loader();
      const rows = await Promise.all(ids(action.ks).map((id) => loader.load(id)));
      return list(rows.map((row) => row ?? { none: true }));
    }
    case "findAndCount": {
      const { data, total } = await repository.findAndCount(action.options);
      const ordered = action.options.orderBy !== undefined;
      return { pages: [{ rows: data, ordered, about: { total } }] };
    }
    case "find":
    case "findAll":
      return list(
        await repository[action.call](action.options),
        action.options.orderBy !== undefined,
      );
    case "findEvery":
      return list(await repository.find(), false);
    case "findAllWithDeleted":
    case "findDeleted":
      return list(await repository[action.call](), false);
    case "findOne":
    case "findOneOrThrow":
      return one(await repository[action.call](action.options));
    case "one":
    case "maybe":
      return one(await repository[action.call](action.where));
    case "count":
    case "exists":
      return { value: await repository[action.call]({ where: action.where }) };
    case "paginate": {
      const { options, page, size, total } = action;
      const { data, pagination } = await repository.paginate({
        ...options,
        page,
        limit: size,
        total,
      });
      const { page: at, limit, hasNext, hasPrev } = pagination;
      const known = "total" in pagination
        ? { total: pagination.total, totalPages: pagination.totalPages }
        : {};
      const about = { page: at, limit, ...known, hasNext, hasPrev };
      return { pages: [{ rows: data, ordered: true, about }] };
    }
    case "cursor":
      return await walk(repository, action);
    case "iterate": {
      const rows: Row[] = [];
      for await (const row of repository.iterate(action.options)) {
        rows.push(row);
        if (rows.length === action.take) break;
      }
      return list(rows);
    }
    case "create":
      return one(await repository.create(columnsOf(table, action.input)));
    case "bulkCreate":
      return list(await repository.bulkCreate(action.inputs.map((i) => columnsOf(table, i))));
    case "update": {
      const { id, data } = change(action.change);
      const { version } = action.change;
      return one(await repository.update(id, data, version === undefined ? {} : { version }));
    }
    case "bulkUpdate":
      return list(
        await repository.bulkUpdate(action.changes.map(({ version, ...rest }) => ({
          ...change(rest),
          ...version === undefined ? {} : { version },
        }))),
      );
    case "updateWhere":
      return { value: await repository.updateWhere(action.where, columnsOf(table, action.data)) };
    case "deleteWhere":
      return { value: await repository.deleteWhere(action.where) };
    case "delete":
    case "softDelete":
    case "restore":
    case "hardDelete":
      return { value: await repository[action.call](table.id(action.k)) };
    case "bulkDelete":
    case "softDeleteMany":
    case "restoreMany":
    case "hardDeleteMany":
      return { value: await repository[action.call](ids(action.ks)) };
    case "upsert":
      return one(
        await repository.upsert(columnsOf(table, action.input), {
          conflictColumns: action.by === "code" ? ["code"] : table.key,
          ...action.set === null ? {} : { updateColumns: action.set },
        }),
      );
    case "upsertMany":
      return list(
        await repository.upsertMany(action.inputs.map((i) => columnsOf(table, i)), {
          conflictColumns: action.by === "code" ? ["code"] : table.key,
        }),
      );
  }
}

async function walk(repository: any, action: Action & { call: "cursor" }): Promise<Answer> {
  const pages: Extract<Answer, { pages: unknown }>["pages"] = [];
  const read = async (cursor?: string) => {
    const page = await repository.paginateCursor({
      ...action.options,
      limit: action.size,
      ...cursor === undefined ? {} : { cursor },
    });
    const { hasNext, hasPrev } = page.pagination;
    pages.push({ rows: page.data, ordered: true, about: { hasNext, hasPrev } });
    return page.pagination;
  };
  let at = await read();
  for (const move of action.moves) {
    const cursor = move === "next" ? at.nextCursor : at.prevCursor;
    if (cursor !== undefined) at = await read(cursor);
  }
  return { pages };
}
