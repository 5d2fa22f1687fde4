/**
 * The `kysera` command: migrations, schemas and databases of a Kysely project, from the command line.
 *
 * A configuration file imports this module; run as a program, it is the command.
 *
 * @example
 * ```ts
 * import { defineConfig, type KyseraConfig } from "@kysera/cli";
 *
 * // What kysera.config.ts exports by default
 * const config: KyseraConfig = defineConfig({ database: { connection: "sqlite:app.db" } });
 * ```
 *
 * @module
 */
export type {
  ConfigDialect,
  DatabaseConfig,
  DoctorConfig,
  EnvironmentConfig,
  KyseraConfig,
  LintConfig,
  McpConfig,
  MigrationsConfig,
  PoliciesConfig,
  PoolConfig,
  SeedsConfig,
} from "./config/config.ts";
export { defineConfig } from "./config/define_config.ts";

// `deno run jsr:@kysera/cli` runs this module; npm has the file that its "bin" names.
if (import.meta.main) await import("./bin.ts");
