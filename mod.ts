/**
 * The packages most services start with, in one import.
 *
 * @module
 */
export * from "@kysera/core";
export * from "@kysera/executor";
