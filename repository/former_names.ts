/**
 * Names of version 0.7.
 *
 * @module
 */
import type { ApplyPlugins, RepositoriesOf } from "./create_orm.ts";
import type { Kysely } from "kysely";

/** @deprecated Use {@linkcode ApplyPlugins}. */
export type ApplyPluginsFunction = ApplyPlugins;

/** @deprecated Use {@linkcode RepositoriesOf}. */
export type RepositoriesFromFactory<F> = RepositoriesOf<F>;

/** @deprecated Use `Record<string, (executor: Kysely<DB>) => unknown>`. */
export type RepositoryFactoryMap<DB> = Record<string, (executor: Kysely<DB>) => unknown>;
