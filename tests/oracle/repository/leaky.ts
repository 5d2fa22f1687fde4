import { getRawDb } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import type { RepositorySubject } from "./subjects.ts";
import { GONE, type Table } from "./tables.ts";

type Repository = any;
/** Methods in the place of a repository's own; `bare` is the same repository without plugins. */
type Mistake = (repository: Repository, bare: Repository, table: Table) => object;

/** Methods that are good without plugins as well, except the rows that they see. */
const METHODS: readonly string[] = [
  "findById",
  "getById",
  "findByIds",
  "find",
  "findAndCount",
  "findOne",
  "findOneOrThrow",
  "one",
  "maybe",
  "findAll",
  "count",
  "exists",
  "paginate",
  "paginateCursor",
  "iterate",
  "query",
  "loader",
  "create",
  "bulkCreate",
  "update",
  "bulkUpdate",
  "updateWhere",
  "delete",
  "bulkDelete",
  "deleteWhere",
  "upsert",
  "upsertMany",
];

const marked = (bare: Repository, id: unknown, deleted_at: string | null): Promise<boolean> =>
  bare.update(id, { deleted_at }).then(() => true, () => false);

const count = async (ids: readonly unknown[], act: (id: unknown) => Promise<boolean>) => {
  let done = 0;
  for (const id of ids) if (await act(id)) done++;
  return done;
};

/** What a repository may get wrong. */
export const mistakes: Readonly<Record<string, Mistake>> = {
  ...Object.fromEntries(METHODS.map((method): [string, Mistake] => [
    `whose ${method}() goes past the plugins`,
    (_, bare) => ({ [method]: bare[method] }),
  ])),
  "whose softDelete() goes past the plugins": (_, bare) => ({
    softDelete: (id: unknown) => marked(bare, id, GONE),
  }),
  "whose softDeleteMany() goes past the plugins": (_, bare) => ({
    softDeleteMany: (ids: unknown[]) => count(ids, (id) => marked(bare, id, GONE)),
  }),
  "whose restore() goes past the plugins": (_, bare) => ({
    restore: (id: unknown) => marked(bare, id, null),
  }),
  "whose restoreMany() goes past the plugins": (_, bare) => ({
    restoreMany: (ids: unknown[]) => count(ids, (id) => marked(bare, id, null)),
  }),
  "whose hardDelete() goes past the plugins": (_, bare) => ({ hardDelete: bare.delete }),
  "whose hardDeleteMany() goes past the plugins": (_, bare) => ({
    hardDeleteMany: bare.bulkDelete,
  }),
  "whose findWithDeleted() goes past the plugins": (_, bare) => ({
    findWithDeleted: bare.findById,
  }),
  "whose findAllWithDeleted() goes past the plugins": (_, bare) => ({
    findAllWithDeleted: () => bare.findAll(),
  }),
  "whose findDeleted() goes past the plugins": (_, bare) => ({
    findDeleted: () => bare.find({ where: { deleted_at: { isNull: false } } }),
  }),
  "that has no plugins in a transaction": (repository, _, table) => ({
    withTransaction: (transaction: unknown) =>
      bareOf(repository.withTransaction(transaction), table),
  }),
  "that adds rows one by one": (repository) => ({
    async bulkCreate(inputs: unknown[]) {
      const rows: unknown[] = [];
      for (const input of inputs) rows.push(await repository.create(input));
      return rows;
    },
  }),
  "that gives rows by keys in any order": (repository) => ({
    findByIds: async (ids: unknown[]) => (await repository.findByIds(ids)).toReversed(),
  }),
  "that counts deleted rows as pages": (repository, bare) => ({
    async paginate(options: object) {
      const page = await repository.paginate(options);
      const { pagination } = await bare.paginate(options);
      return { ...page, pagination };
    },
  }),
};

function bareOf(repository: Repository, table: Table): Repository {
  const bare = createRepository(getRawDb(repository.executor), {
    tableName: table.name,
    ...table.config,
  });
  return { ...repository, ...bare };
}

/** A subject whose repositories make a mistake, wherever they are. */
export function leaky(subject: RepositorySubject, mistake: Mistake): RepositorySubject {
  const spoilt = (repository: Repository, table: Table): Repository => {
    const wrong = mistake(repository, bareOf(repository, table), table);
    return {
      on: (handle: unknown) => spoilt(repository.on(handle), table),
      withTransaction: (trx: unknown) => spoilt(repository.withTransaction(trx), table),
      transaction: (fn: (trx: unknown, own: Repository) => Promise<unknown>) =>
        repository.transaction((trx: unknown, own: Repository) => fn(trx, spoilt(own, table))),
      ...Object.fromEntries(
        Object.entries(repository).filter(([name]) =>
          !["on", "withTransaction", "transaction"].includes(name)
        ),
      ),
      ...wrong,
    };
  };
  return {
    ...subject,
    async make(db) {
      const { callers, repository } = await subject.make(db);
      return { callers, repository: (table) => spoilt(repository(table), table) };
    },
  };
}
