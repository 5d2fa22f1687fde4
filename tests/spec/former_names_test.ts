/** Names of version 0.7 that are deprecated, and still there with their meaning. */
import type { AuditFilters, AuditPaginationOptions, ParsedAuditLogEntry } from "@kysera/audit";
import {
  type DatabaseDialect,
  ForeignKeyConstraintError,
  ForeignKeyError,
  parseDatabaseError,
} from "@kysera/core";
import type {
  GetMetricsOptions,
  HealthCheckCallback,
  RegisterShutdownOptions,
} from "@kysera/infra";
import type {
  ApplyPluginsFunction,
  PluginOrm,
  RepositoriesFromFactory,
  RepositoryFactoryMap,
} from "@kysera/repository";
import type {
  FilterCondition,
  Operation,
  PolicyDefinition,
  PolicyEvaluationContext,
  RLSAuthContext,
  RLSPluginOptions,
  RLSRequestContext,
} from "@kysera/rls";
import type { CleanupOptions, CleanupStrategy, SeedFunction } from "@kysera/testing";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

/** The types, so that each is known to be exported. */
export type Former = [
  AuditFilters,
  AuditPaginationOptions,
  ParsedAuditLogEntry,
  DatabaseDialect,
  GetMetricsOptions,
  HealthCheckCallback,
  RegisterShutdownOptions,
  ApplyPluginsFunction,
  PluginOrm<unknown>,
  RepositoriesFromFactory<{ users: () => 1 }>,
  RepositoryFactoryMap<unknown>,
  FilterCondition,
  Operation,
  PolicyDefinition,
  PolicyEvaluationContext,
  RLSAuthContext,
  RLSPluginOptions,
  RLSRequestContext,
  CleanupOptions,
  CleanupStrategy,
  SeedFunction,
];

describe("names of version 0.7", () => {
  it("mean what they meant", () => {
    assert.equal(ForeignKeyError, ForeignKeyConstraintError);
    const error = parseDatabaseError(
      Object.assign(new Error("violates"), { code: "23503", severity: "ERROR", table: "posts" }),
      "postgres",
    );
    assert.ok(error instanceof ForeignKeyError);
    error satisfies ForeignKeyError;
    const operation: Operation = "read";
    const strategy: CleanupStrategy = "truncate";
    assert.deepEqual([operation, strategy], ["read", "truncate"]);
  });
});
