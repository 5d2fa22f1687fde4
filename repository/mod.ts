/**
 * Repositories: tables as collections of entities, with validation, keys of any shape, paging, and
 * the plugins of their executor.
 *
 * @module
 */
export type { CursorPage, OffsetPage } from "./_pages.ts";
export * from "./create_orm.ts";
export * from "./create_repository.ts";
export * from "./create_repository_factory.ts";
export * from "./errors.ts";
export type { Loader } from "./loader.ts";
export * from "./standard_schema.ts";
export * from "./types.ts";
export type { Comparison, Where } from "./where.ts";
