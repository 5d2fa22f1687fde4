import type { Check } from "./_check.ts";
import { duplicateIndex, invalidIndex } from "./checks/_indexes.ts";
import { noPrimaryKey, smallPrimaryKey, unindexedForeignKey } from "./checks/_keys.ts";
import {
  exemptUser,
  policyWithoutSecurity,
  securityNotForced,
  securityWithoutPolicy,
} from "./checks/_policies.ts";
import {
  noTransactions,
  timestampWithoutZone,
  uniqueWithSoftDelete,
  unvalidatedConstraint,
} from "./checks/_rows.ts";
import { oldServer, rollbackJournal } from "./checks/_server.ts";

/** Everything that is looked for, the worst first. */
export const CHECKS: readonly Check[] = [
  policyWithoutSecurity,
  noTransactions,
  invalidIndex,
  noPrimaryKey,
  unindexedForeignKey,
  duplicateIndex,
  uniqueWithSoftDelete,
  timestampWithoutZone,
  securityWithoutPolicy,
  securityNotForced,
  exemptUser,
  oldServer,
  smallPrimaryKey,
  unvalidatedConstraint,
  rollbackJournal,
];
