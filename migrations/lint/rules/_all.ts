import { COMMON_RULES } from "./_common.ts";
import { HISTORY_RULES, MIGRATION_RULES } from "./_migrations.ts";
import { MYSQL_RULES } from "./_mysql.ts";
import { PLUGIN_RULES } from "./_plugins.ts";
import { POSTGRES_LOCK_RULES } from "./_postgres.ts";
import { POSTGRES_TYPE_RULES } from "./_postgres_types.ts";
import { ROW_SECURITY_RULES } from "./_row_security.ts";
import type { RuleDefinition } from "./_rule.ts";
import { SQLITE_RULES } from "./_sqlite.ts";

/** Every rule. */
export const RULES: readonly RuleDefinition[] = [
  ...COMMON_RULES,
  ...MIGRATION_RULES,
  ...HISTORY_RULES,
  ...POSTGRES_LOCK_RULES,
  ...POSTGRES_TYPE_RULES,
  ...MYSQL_RULES,
  ...SQLITE_RULES,
  ...PLUGIN_RULES,
  ...ROW_SECURITY_RULES,
];
