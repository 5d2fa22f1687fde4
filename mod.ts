/**
 * The packages most services start with, in one import: errors and pagination, the execution layer,
 * query functions, and repositories.
 *
 * @module
 */
export * from "@kysera/core";
export * from "@kysera/dal";
export * from "@kysera/executor";
export * from "@kysera/repository";
