import type { Check } from "./_check.ts";
import {
  endlessTransactions,
  sharedSessions,
  staleConnections,
  wrongPool,
} from "./checks/_connections.ts";
import { almightyUser, exemptUser, openSchema, truncatePastPolicies } from "./checks/_grants.ts";
import {
  duplicateIndex,
  invalidIndex,
  unindexedKeyset,
  unindexedPolicy,
} from "./checks/_indexes.ts";
import {
  auditedWithoutKey,
  differentKey,
  noPrimaryKey,
  smallPrimaryKey,
  unindexedForeignKey,
} from "./checks/_keys.ts";
import { vulnerableKysely } from "./checks/_kysely.ts";
import {
  functionPastPolicies,
  tenantWithoutPolicy,
  viewPastPolicies,
} from "./checks/_past_policies.ts";
import {
  policyWithoutSecurity,
  securityNotForced,
  securityWithoutPolicy,
} from "./checks/_policies.ts";
import {
  datetimeWithoutZone,
  noTransactions,
  timestampWithoutZone,
  uniqueWithSoftDelete,
  unvalidatedConstraint,
} from "./checks/_rows.ts";
import { oldServer, rollbackJournal, troubledServer } from "./checks/_server.ts";

/** Everything that is looked for, the worst first. */
export const CHECKS: readonly Check[] = [
  vulnerableKysely,
  policyWithoutSecurity,
  noTransactions,
  invalidIndex,
  auditedWithoutKey,
  differentKey,
  tenantWithoutPolicy,
  viewPastPolicies,
  functionPastPolicies,
  truncatePastPolicies,
  noPrimaryKey,
  unindexedForeignKey,
  unindexedPolicy,
  unindexedKeyset,
  duplicateIndex,
  uniqueWithSoftDelete,
  timestampWithoutZone,
  securityWithoutPolicy,
  securityNotForced,
  exemptUser,
  almightyUser,
  openSchema,
  sharedSessions,
  wrongPool,
  staleConnections,
  troubledServer,
  oldServer,
  smallPrimaryKey,
  unvalidatedConstraint,
  datetimeWithoutZone,
  endlessTransactions,
  rollbackJournal,
];
