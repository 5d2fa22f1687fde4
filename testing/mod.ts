/**
 * Databases, factories and faults for tests.
 *
 * @module
 */
export * from "./faults/fault_plan.ts";
export * from "./faults/faulty_dialect.ts";
export * from "./faults/for_each_fault.ts";
export * from "./faults/injected_fault_error.ts";
