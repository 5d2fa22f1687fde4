/**
 * Row-level security: policies that every query of an executor keeps to.
 *
 * @module
 */
export * from "./allow.ts";
export * from "./can.ts";
export type * from "./context.ts";
export * from "./create_rls_context.ts";
export * from "./define_rls_schema.ts";
export * from "./deny.ts";
export * from "./errors.ts";
export * from "./explain_policy.ts";
export * from "./filter.ts";
export * from "./merge_rls_schemas.ts";
export type * from "./options.ts";
export * from "./plugin.ts";
export type * from "./policy.ts";
export * from "./policy_registry.ts";
export type * from "./repository_methods.ts";
export * from "./validate.ts";
export * from "./without_rls.ts";
