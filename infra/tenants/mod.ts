/**
 * Tenants as rows, schemas or databases: an executor for each of them from one definition.
 *
 * @module
 */
export * from "./create_tenant_router.ts";
export * from "./errors.ts";
export type * from "./tenant_place.ts";
export type * from "./tenant_table.ts";
