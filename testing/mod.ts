/**
 * Databases, factories and faults for tests.
 *
 * @module
 */
export * from "./databases/clean_database.ts";
export * from "./databases/create_test_database.ts";
export * from "./factories/create_factory.ts";
export * from "./factories/create_many.ts";
export * from "./factories/factory.ts";
export * from "./faults/fault_plan.ts";
export * from "./faults/faulty_dialect.ts";
export * from "./faults/for_each_fault.ts";
export * from "./faults/injected_fault_error.ts";
export * from "./rows/assert_row_exists.ts";
export * from "./rows/assert_row_not_exists.ts";
export * from "./rows/count_rows.ts";
export * from "./rows/snapshot_table.ts";
export * from "./seeds/seed_database.ts";
export * from "./transactions/isolate_each.ts";
export * from "./transactions/test_escaped_error.ts";
export {
  type TestDatabase,
  testInTransaction,
  type TestScope,
} from "./transactions/test_in_transaction.ts";
export * from "./transactions/test_with_isolation.ts";
export * from "./transactions/test_with_savepoints.ts";
export * from "./wait_for.ts";
export type * from "./former_names.ts";
