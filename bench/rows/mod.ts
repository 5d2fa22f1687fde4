import type { Group } from "../_row.ts";
import { auditedGroups } from "./audited.ts";
import { coldStartGroups } from "./cold_start.ts";
import { contextGroups } from "./contexts.ts";
import { loadGroups } from "./load.ts";
import { memoryGroups } from "./memory.ts";
import { migrationGroups } from "./migrations.ts";
import { pageGroups } from "./pages.ts";
import { pluginGroups } from "./plugins.ts";
import { policyGroups } from "./policies.ts";
import { relationGroups } from "./relations.ts";
import { rewriteGroups } from "./rewrite.ts";
import { scaleGroups } from "./scale.ts";
import { postgresSides } from "./side_by_side_postgres.ts";
import { sqliteSides } from "./side_by_side_sqlite.ts";
import { sqliteGroups } from "./sqlite.ts";
import { writeGroups } from "./writes.ts";

/** All groups, in the order that they are printed in. */
export const groups: readonly Group[] = [
  ...rewriteGroups,
  ...policyGroups,
  ...sqliteGroups,
  ...pluginGroups,
  ...writeGroups,
  ...contextGroups,
  ...auditedGroups,
  ...pageGroups,
  ...relationGroups,
  ...loadGroups,
  ...coldStartGroups,
  ...memoryGroups,
  ...migrationGroups,
  ...scaleGroups,
  sqliteSides,
  ...postgresSides,
];
