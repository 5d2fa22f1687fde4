/**
 * Names of version 0.7.
 *
 * @module
 */
import type { CleanOptions, CleanStrategy } from "./databases/clean_database.ts";
import type { Seeder } from "./seeds/seed_database.ts";

/** @deprecated Use {@linkcode CleanOptions}. */
export type CleanupOptions = CleanOptions;

/** @deprecated Use {@linkcode CleanStrategy}. */
export type CleanupStrategy = CleanStrategy;

/** @deprecated Use {@linkcode Seeder}. */
export type SeedFunction<DB = any> = Seeder<DB>;
