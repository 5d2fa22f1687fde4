import { findKey, mustMeetOneRow } from "@kysera/executor";
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import { invalidKey } from "./_state.ts";
import { SoftDeleteError } from "./errors.ts";
import { hardDelete } from "./hard_delete.ts";
import { onlyDeleted } from "./only_deleted.ts";
import type { SoftDeleteMethods } from "./repository_methods.ts";
import { restore } from "./restore.ts";
import { softDelete } from "./soft_delete.ts";
import { withDeleted } from "./with_deleted.ts";

/** What a repository must have, to be given the methods. */
interface RepositoryLike {
  readonly executor: Kysely<any>;
  readonly tableName: string;
  readonly primaryKey: readonly string[];
  findById(id: unknown): Promise<unknown>;
  findAll(options?: object): Promise<unknown[]>;
  keyIn(ids: readonly unknown[]): (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;
  on(handle: Kysely<any>): RepositoryLike;
}

/** All databases bound the number of parameters, and SQLite how deep a condition may be. */
const MOST_KEYS = 400;

type Act = typeof softDelete | typeof restore | typeof hardDelete;

/** The repository with the methods. Rows are found by its own key. */
export function extend<T extends object>(repository: T): T {
  if (!isRepositoryLike(repository)) return repository;
  const { executor, tableName, primaryKey: columns } = repository;
  const search = {
    table: tableName,
    columns,
    invalid: (problem: string): Error =>
      invalidKey(`Cannot find a row of "${tableName}" by its key: ${problem}`),
  };

  const changeMany = async (act: Act, ids: readonly unknown[]): Promise<number> => {
    if (!Array.isArray(ids)) {
      throw new SoftDeleteError(
        `Cannot find rows of "${tableName}" by their keys: the argument is no list`,
        "INVALID_KEY",
      );
    }
    const conditions: ReturnType<RepositoryLike["keyIn"]>[] = [];
    for (let i = 0; i < ids.length; i += MOST_KEYS) {
      conditions.push(repository.keyIn(ids.slice(i, i + MOST_KEYS)));
    }
    if (conditions.length > 0 && !(await findKey(executor, search)).isUnique) {
      // A row that is found by its key may be hidden, and is to be the only one all the same.
      const seen = act === softDelete ? executor : withDeleted(executor);
      for (const condition of conditions) await mustMeetOneRow(seen, search, condition);
    }
    const changeAll = async (handle: Kysely<any>): Promise<number> => {
      let changed = 0;
      for (const condition of conditions) changed += await act(handle, tableName, condition);
      return changed;
    };
    return conditions.length < 2 || executor.isTransaction
      ? await changeAll(executor)
      : await executor.transaction().execute(changeAll);
  };
  const changeOne = async (act: Act, id: unknown): Promise<boolean> =>
    await changeMany(act, [id]) > 0;

  const methods: SoftDeleteMethods<unknown, unknown> = {
    softDelete: (id) => changeOne(softDelete, id),
    restore: (id) => changeOne(restore, id),
    hardDelete: (id) => changeOne(hardDelete, id),
    softDeleteMany: (ids) => changeMany(softDelete, ids),
    restoreMany: (ids) => changeMany(restore, ids),
    hardDeleteMany: (ids) => changeMany(hardDelete, ids),
    findWithDeleted: (id) => repository.on(withDeleted(executor)).findById(id),
    findAllWithDeleted: () => repository.on(withDeleted(executor)).findAll(),
    findDeleted: () => repository.on(onlyDeleted(executor)).findAll(),
  };
  return { ...repository, ...methods };
}

/** Other objects may be given to `extendRepository` by hand; they are left as they are. */
function isRepositoryLike(value: object): value is RepositoryLike {
  const { on, keyIn, executor } = value as Partial<RepositoryLike>;
  return typeof on === "function" && typeof keyIn === "function" && executor !== undefined;
}
