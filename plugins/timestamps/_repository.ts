import { isPlainObject, NotFoundError } from "@kysera/core";
import {
  findKey,
  keyParts,
  keysPerStatement,
  mustMeetOneRow,
  type RowCondition,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import type { ColumnOption } from "./_settings.ts";
import { findColumn, mustHaveColumn } from "./_state.ts";
import { TimestampsError } from "./errors.ts";
import type { Timestamp } from "./options.ts";
import type { TimestampsMethods } from "./repository_methods.ts";
import { touch } from "./touch.ts";
import { withoutTimestamps } from "./without_timestamps.ts";

/** What a repository must have, to be given the methods. */
interface RepositoryLike {
  readonly executor: Kysely<any>;
  readonly tableName: string;
  readonly primaryKey: readonly string[];
  readonly codecs: ReadonlyMap<string, unknown>;
  find(options: object): Promise<unknown[]>;
  findByIds(ids: readonly unknown[]): Promise<unknown[]>;
  create(input: unknown): Promise<unknown>;
  update(id: unknown, input: unknown): Promise<unknown>;
  bulkCreate(inputs: readonly unknown[]): Promise<unknown[]>;
  createMany?(inputs: readonly unknown[], ...options: readonly unknown[]): Promise<unknown>;
  updateWhere(where: object, input: unknown): Promise<number>;
  keyIn(ids: readonly unknown[]): RowCondition;
  on(handle: Kysely<any>): RepositoryLike;
  transaction<R>(
    fn: (transaction: Kysely<any>, repository: RepositoryLike) => Promise<R>,
  ): Promise<R>;
}

/** All databases bound the number of parameters, and SQLite how deep a condition may be. */
const MOST_KEYS = 400;

/** The repository with the methods. Rows are found by its own key. */
export function extend<T extends object>(repository: T): T {
  if (!isRepositoryLike(repository)) return repository;
  const { executor, tableName, primaryKey, codecs } = repository;

  const size = Math.min(MOST_KEYS, keysPerStatement(executor, primaryKey.length));
  // What a codec makes of a key is not known here: it goes in as a parameter of its own.
  const isCoded = primaryKey.some((column) => codecs.has(column));
  const toValue = (id: unknown): unknown => isCoded ? undefined : id;

  /** The column, and what a time is compared with there. */
  const comparison = (
    option: ColumnOption,
    ...times: readonly Timestamp[]
  ): { readonly column: string; readonly values: readonly unknown[] } => {
    const { plugin, column } = mustHaveColumn(executor, tableName, option, "find");
    // A codec is for what programs use, whatever the database keeps.
    const coded = plugin.namesOf(option).find((name) => codecs.has(name));
    const values = times.map((time) => {
      const comparable = plugin.comparable(time);
      return coded === undefined ? comparable : time;
    });
    return { column: coded ?? column, values };
  };
  const find = async (
    option: ColumnOption,
    operator: string,
    time: Timestamp,
  ): Promise<unknown[]> => {
    const { column, values } = comparison(option, time);
    return await repository.find({ where: { [column]: { [operator]: values[0] } } });
  };
  const latest = async (option: ColumnOption, limit: number): Promise<unknown[]> => {
    const { column } = comparison(option);
    const orderBy = [column, ...primaryKey].map((column) => ({ column, direction: "desc" }));
    // Of a row without a time nobody knows how late it is.
    return await repository.find({ where: { [column]: { isNull: false } }, orderBy, limit });
  };

  let kept: RepositoryLike | undefined;
  const bare = (): RepositoryLike => kept ??= repository.on(withoutTimestamps(executor));

  const search = {
    table: tableName,
    columns: primaryKey,
    invalid: (problem: string): Error =>
      new TimestampsError(
        `Cannot find a row of "${tableName}" by its key: ${problem}`,
        "INVALID_KEY",
      ),
  };
  /** @throws {TimestampsError} if one of some keys is that of several rows */
  const mustMeetOneRows = async (parts: readonly (readonly unknown[])[]): Promise<void> => {
    if (parts.length === 0 || (await findKey(executor, search)).isUnique) return;
    for (const part of parts) await mustMeetOneRow(executor, search, repository.keyIn(part));
  };

  const touchMany = async (ids: readonly unknown[]): Promise<number> => {
    mustBeList(ids, tableName);
    const parts = keyParts(executor, ids, { columns: primaryKey.length, size, toValue });
    await mustMeetOneRows(parts);
    if (parts.length === 0) return 0;
    // Several conditions are a selector of ours alone.
    return await touch(executor, tableName, parts.map((part) => repository.keyIn(part)) as never);
  };
  const updateMany = async (ids: readonly unknown[], input: unknown): Promise<unknown[]> => {
    mustBeList(ids, tableName);
    const keys = new Map(ids.map((id) => [nameOf(id, primaryKey), id]));
    if (keys.size === 0) return [];
    await mustMeetOneRows(inParts([...keys.values()], size));
    return await repository.transaction(async (_, inside) => {
      let changed = 0;
      for (const part of inParts([...keys.values()], size)) {
        changed += await inside.updateWhere(isOneOf(part, primaryKey), input);
      }
      if (changed < keys.size) throw new NotFoundError(tableName, { ids });
      return await inside.findByIds(ids);
    });
  };

  const methods: TimestampsMethods<unknown, unknown, unknown, unknown> = {
    findCreatedAfter: (time) => find("createdAtColumn", "gt", time),
    findCreatedBefore: (time) => find("createdAtColumn", "lt", time),
    findCreatedBetween: async (from, to) => {
      const { column, values } = comparison("createdAtColumn", from, to);
      return await repository.find({ where: { [column]: { between: values } } });
    },
    findUpdatedAfter: (time) => find("updatedAtColumn", "gt", time),
    findRecentlyUpdated: (limit = 10) => latest("updatedAtColumn", limit),
    findRecentlyCreated: (limit = 10) => latest("createdAtColumn", limit),
    createWithoutTimestamps: (input) => bare().create(input),
    updateWithoutTimestamp: (id, input) => bare().update(id, input),
    touch: async (id) => await touchMany([id]) > 0,
    touchMany,
    // With options it is the repository's own.
    createMany: (inputs: readonly unknown[], ...options: readonly unknown[]) =>
      options.length === 0
        ? repository.bulkCreate(inputs)
        : repository.createMany!(inputs, ...options) as Promise<any>,
    updateMany,
    getTimestampColumns: () => {
      const columnOf = (option: ColumnOption): string | undefined =>
        findColumn(executor, tableName, option, "name the columns")?.column;
      return { createdAt: columnOf("createdAtColumn"), updatedAt: columnOf("updatedAtColumn") };
    },
  };
  return { ...repository, ...methods };
}

/** Other objects may be given to `extendRepository` by hand; they are left as they are. */
function isRepositoryLike(value: object): value is RepositoryLike {
  const { on, keyIn, executor } = value as Partial<RepositoryLike>;
  return typeof on === "function" && typeof keyIn === "function" && executor !== undefined;
}

function mustBeList(ids: unknown, table: string): asserts ids is readonly unknown[] {
  if (Array.isArray(ids)) return;
  throw new TimestampsError(
    `Cannot find rows of "${table}" by their keys: the argument is not a list`,
    "INVALID_KEY",
  );
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

/** A key as text: the same for keys that are the same. */
function nameOf(id: unknown, primaryKey: readonly string[]): string {
  const values = isPlainObject(id) ? primaryKey.map((column) => id[column]) : [id];
  return values.map((value) => value instanceof Date ? value.toISOString() : String(value))
    .join("\0");
}

/** The condition that a row's key is one of these, as repositories take it. */
function isOneOf(ids: readonly unknown[], primaryKey: readonly string[]): object {
  if (primaryKey.length > 1) return { or: ids };
  const [column] = primaryKey;
  return { [column!]: { in: ids.map((id) => isPlainObject(id) ? id[column!] : id) } };
}
