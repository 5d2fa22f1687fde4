/**
 * What the plugin adds to repositories.
 *
 * @module
 */
import type { Plugin, RepositoryExtension } from "@kysera/executor";
import type { Timestamp } from "./options.ts";

/** The columns of a table that hold times; `undefined` where the plugin sets none. */
export interface TimestampColumns {
  /** The column for when a row was made. */
  readonly createdAt: string | undefined;
  /** The column for when a row was last changed. */
  readonly updatedAt: string | undefined;
}

/**
 * The methods that a repository has on an executor with the plugin. Every other plugin of the
 * executor has its say in them. Those that need a column that the table has not throw a
 * `TimestampsError`.
 *
 * Times are dates, or values as the column holds them.
 */
export interface TimestampsMethods<Entity, Key, Create, Update> {
  /** The rows that were made after a time, the time itself not included. */
  findCreatedAfter(time: Timestamp): Promise<Entity[]>;
  /** The rows that were made before a time, the time itself not included. */
  findCreatedBefore(time: Timestamp): Promise<Entity[]>;
  /** The rows that were made from one time to another, both included. */
  findCreatedBetween(from: Timestamp, to: Timestamp): Promise<Entity[]>;
  /** The rows that were last changed after a time, the time itself not included. */
  findUpdatedAfter(time: Timestamp): Promise<Entity[]>;
  /** The rows that were changed last, the latest first; 10 of them, or as many as `limit` says. */
  findRecentlyUpdated(limit?: number): Promise<Entity[]>;
  /** The rows that were made last, the latest first; 10 of them, or as many as `limit` says. */
  findRecentlyCreated(limit?: number): Promise<Entity[]>;
  /** Adds a row as it is given. */
  createWithoutTimestamps(input: Create): Promise<Entity>;
  /** Changes a row, and leaves the time of its last change. */
  updateWithoutTimestamp(id: Key, input: Update): Promise<Entity>;
  /** Sets the time of a row's last change, and nothing else; whether there was such a row. */
  touch(id: Key): Promise<boolean>;
  /** Sets the time of the last change of rows, all or none; how many there were. */
  touchMany(ids: readonly Key[]): Promise<number>;
  /** Adds rows, all or none, in their order: `bulkCreate` by another name. */
  createMany(inputs: readonly Create[]): Promise<Entity[]>;
  /**
   * Changes rows in the same way, at one time, all or none.
   *
   * @returns the rows, in the order of their keys
   * @throws {NotFoundError} where one of them is not there
   */
  updateMany(ids: readonly Key[], input: Update): Promise<Entity[]>;
  /** The columns that the plugin sets on this table. */
  getTimestampColumns(): TimestampColumns;
}

/** The methods, as the type of a repository takes them. */
export interface TimestampsRepositoryExtension extends RepositoryExtension {
  /** The methods. */
  readonly methods: TimestampsMethods<
    this["entity"],
    this["key"],
    this["create"],
    this["update"]
  >;
}

/** What `timestampsPlugin` returns. */
export interface TimestampsPlugin extends Plugin {
  /** Never there at run time. */
  readonly repositoryExtension?: TimestampsRepositoryExtension;
}
