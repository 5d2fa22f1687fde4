import type {
  DatabaseConfig,
  DoctorConfig,
  LintConfig,
  McpConfig,
  MigrationsConfig,
  PoliciesConfig,
} from "./config.ts";

/** The configuration that a command runs with, when files, environment and flags are put together. */
export interface Settings {
  /** The file that it was read from. */
  readonly file: string | undefined;
  /** The folder that its paths are relative to. */
  readonly root: string;
  /** The name of the environment. */
  readonly environment: string;
  readonly database: DatabaseConfig | undefined;
  readonly migrations:
    & Pick<
      MigrationsConfig,
      "tableName" | "schema" | "lockTimeout" | "tableLockTimeout" | "tableLockRetries" | "policy"
    >
    & {
      /** An absolute path. */
      readonly directory: string;
      readonly placeholders: Readonly<Record<string, string>> | false | undefined;
      /** An absolute path. */
      readonly templates: string | undefined;
    };
  readonly lint: LintConfig | undefined;
  readonly mcp: McpConfig;
  readonly policies: PoliciesConfig;
  readonly doctor: DoctorConfig;
  /** The absolute path of the folder with the seeds. */
  readonly seeds: string;
}
