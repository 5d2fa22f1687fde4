/**
 * Row-level security: enforces policies on every query of an executor.
 *
 * @module
 */
export * from "./api/can.ts";
export * from "./api/explain_access.ts";
export * from "./api/explain_policy.ts";
export * from "./api/plugin.ts";
export * from "./api/policy_source.ts";
export * from "./api/with_foreign_keys.ts";
export * from "./api/without_rls.ts";
export * from "./context/create_rls_context.ts";
export type * from "./contract/context.ts";
export * from "./contract/errors.ts";
export type * from "./contract/options.ts";
export type * from "./contract/policy.ts";
export type * from "./contract/relation.ts";
export type * from "./contract/repository_methods.ts";
export * from "./policy/allow.ts";
export * from "./policy/check.ts";
export * from "./policy/define_relations.ts";
export * from "./policy/define_rls_schema.ts";
export * from "./policy/deny.ts";
export * from "./policy/filter.ts";
export * from "./policy/merge_rls_schemas.ts";
export * from "./policy/policy_registry.ts";
export * from "./policy/related.ts";
export * from "./policy/validate.ts";
export type * from "./api/former_names.ts";
