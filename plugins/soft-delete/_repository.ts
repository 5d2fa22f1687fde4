import { detectDialect, findDatabaseErrorAsync, UniqueConstraintError } from "@kysera/core";
import {
  findKey,
  getMetadata,
  keyParts,
  keysPerStatement,
  mustMeetOneRow,
  physicalTable,
  withMetadata,
} from "@kysera/executor";
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import { atomically } from "./_atomically.ts";
import { ACT, Act } from "./_flags.ts";
import { invalidKey, softDeleteHooksOf } from "./_state.ts";
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
  readonly codecs?: ReadonlyMap<string, unknown>;
  findById(id: unknown): Promise<unknown>;
  findAll(options?: object): Promise<unknown[]>;
  keyIn(ids: readonly unknown[]): (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;
  create(input: unknown): Promise<unknown>;
  update(id: unknown, input: unknown): Promise<unknown>;
  on(handle: Kysely<any>): RepositoryLike;
}

/** All databases bound the number of parameters, and SQLite how deep a condition may be. */
const MOST_KEYS = 400;

type Change = typeof softDelete | typeof restore | typeof hardDelete;

/** The repository with the methods. Rows are found by its own key. */
export function extend<T extends object>(repository: T): T {
  if (!isRepositoryLike(repository)) return repository;
  const { executor, tableName, primaryKey: columns, codecs } = repository;
  const search = {
    table: tableName,
    columns,
    invalid: (problem: string): Error =>
      invalidKey(`Cannot find a row of "${tableName}" by its key: ${problem}`),
  };

  // What a codec makes of a key is not known here: it goes in as a parameter of its own.
  const isCoded = columns.some((column) => codecs?.has(column));
  const toValue = (id: unknown): unknown => isCoded ? undefined : id;

  const changeMany = async (act: Change, ids: readonly unknown[]): Promise<number> => {
    if (!Array.isArray(ids)) {
      throw new SoftDeleteError(
        `Cannot find rows of "${tableName}" by their keys: the argument is not a list`,
        "INVALID_KEY",
      );
    }
    const size = Math.min(MOST_KEYS, keysPerStatement(executor, columns.length));
    const conditions = keyParts(executor, ids, { columns: columns.length, size, toValue })
      .map((part) => repository.keyIn(part));
    if (conditions.length > 0 && !(await findKey(executor, search)).isUnique) {
      // A row that is found by its key may be hidden, and is to be the only one all the same.
      const seen = act === softDelete ? executor : withDeleted(executor);
      for (const condition of conditions) await mustMeetOneRow(seen, search, condition);
    }
    if (conditions.length === 0) return 0;
    // Several conditions are a selector of ours alone.
    return await act(executor, tableName, conditions as never);
  };
  const changeOne = async (act: Change, id: unknown): Promise<boolean> =>
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
  return { ...repository, ...methods, ...reviving(repository) };
}

/** The method `create` where it brings deleted rows back. */
function reviving(repository: RepositoryLike): Pick<RepositoryLike, "create"> | object {
  const { executor, tableName, primaryKey } = repository;
  if (getMetadata(executor)[ACT] === Act.create) return {};
  const id = physicalTable(executor, tableName);
  const hooks = softDeleteHooksOf(executor).find((hooks) => hooks.appliesTo(id));
  const by = hooks?.reviveBy(id);
  if (by === undefined) return {};
  return {
    create: (input: Readonly<Record<string, unknown>>): Promise<unknown> =>
      atomically(executor, async (transaction) => {
        const own = repository.on(withMetadata(transaction, { [ACT]: Act.create }));
        try {
          // First, so that the input is checked; what is not a unique key is no business of ours.
          return await atomically(transaction, () => own.create(input));
        } catch (error) {
          const parsed = await findDatabaseErrorAsync(error, detectDialect(executor));
          const values = by.map((column) => input[column]);
          if (!(parsed instanceof UniqueConstraintError) || values.includes(undefined)) throw error;
          const isSame = (eb: ExpressionBuilder<any, any>): Expression<SqlBool> =>
            eb.and(by.map((column, i) => eb(`${tableName}.${column}`, "=", values[i])));
          const found = await onlyDeleted(transaction).selectFrom(tableName)
            .select(primaryKey.map((column) => `${tableName}.${column}`)).where(isSame).limit(2)
            .execute();
          const [key] = found;
          if (found.length !== 1 || await restore(transaction, tableName, isSame) !== 1) {
            throw error;
          }
          return await own.update(primaryKey.length === 1 ? key![primaryKey[0]!] : key, input);
        }
      }),
  };
}

/** Other objects may be given to `extendRepository` by hand; they are left as they are. */
function isRepositoryLike(value: object): value is RepositoryLike {
  const { on, keyIn, executor } = value as Partial<RepositoryLike>;
  return typeof on === "function" && typeof keyIn === "function" && executor !== undefined;
}
