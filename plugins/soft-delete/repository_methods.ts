/**
 * What the plugin adds to repositories.
 *
 * @module
 */
import type { Plugin, RepositoryExtension } from "@kysera/executor";

/**
 * The methods that a repository has on an executor with the plugin. Every other plugin of the
 * executor has its say in them. On a table that is not soft-deleted, those that change rows throw a
 * `SoftDeleteError`.
 */
export interface SoftDeleteMethods<Entity, Key> {
  /** Marks a row as deleted; whether there was a visible one. */
  softDelete(id: Key): Promise<boolean>;
  /** Makes a deleted row visible again; whether there was one. */
  restore(id: Key): Promise<boolean>;
  /** Removes a row for good, deleted or not; whether there was one. */
  hardDelete(id: Key): Promise<boolean>;
  /** Marks rows as deleted, all or none; how many there were. */
  softDeleteMany(ids: readonly Key[]): Promise<number>;
  /** Makes deleted rows visible again, all or none; how many there were. */
  restoreMany(ids: readonly Key[]): Promise<number>;
  /** Removes rows for good, all or none; how many there were. */
  hardDeleteMany(ids: readonly Key[]): Promise<number>;
  /** The row with a key, deleted or not, or `null`. */
  findWithDeleted(id: Key): Promise<Entity | null>;
  /** All rows, the deleted ones as well. */
  findAllWithDeleted(): Promise<Entity[]>;
  /** The deleted rows. */
  findDeleted(): Promise<Entity[]>;
}

/** The methods, as the type of a repository takes them. */
export interface SoftDeleteRepositoryExtension extends RepositoryExtension {
  /** The methods. */
  readonly methods: SoftDeleteMethods<this["entity"], this["key"]>;
}

/** What `softDeletePlugin` returns. */
export interface SoftDeletePlugin extends Plugin {
  /** Never there at run time. */
  readonly repositoryExtension?: SoftDeleteRepositoryExtension;
}
