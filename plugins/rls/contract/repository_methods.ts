/**
 * What the plugin adds to repositories.
 *
 * @module
 */
import type { Plugin, RepositoryExtension } from "@kysera/executor";
import type { PolicyCommand } from "./policy.ts";

/** The methods that a repository has on an executor with the plugin. */
export interface RLSMethods<Entity> {
  /**
   * Runs a function with a repository that no policy is for. The repository that it was called on
   * stays as it is: use the one that the function is given.
   */
  withoutRLS<R>(fn: (repository: this) => R): R;
  /** Whether the caller may do something with a row: see `can`. */
  canAccess(operation: PolicyCommand, row: Partial<Entity>, changes?: object): boolean;
}

/** The methods, as the type of a repository takes them. */
export interface RLSRepositoryExtension extends RepositoryExtension {
  /** The methods. */
  readonly methods: RLSMethods<this["entity"]>;
}

/** What `rlsPlugin` returns. */
export interface RLSPlugin extends Plugin {
  /** Never there at run time. */
  readonly repositoryExtension?: RLSRepositoryExtension;
}
