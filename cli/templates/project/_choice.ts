/** The runtimes that a project can be written for. */
export const RUNTIMES = ["deno", "node", "bun"] as const;
/** The databases that a project can begin with. */
export const DATABASES = ["sqlite", "pglite", "postgres", "mariadb"] as const;
/** What a project can begin as. */
export const TEMPLATES = ["basic", "api"] as const;
/** The plugins that a project can begin with. */
export const PLUGINS = ["timestamps", "soft-delete"] as const;

/** One of the runtimes. */
export type Runtime = (typeof RUNTIMES)[number];
/** One of the databases. */
export type ProjectDatabaseName = (typeof DATABASES)[number];
/** One of the plugins. */
export type ProjectPlugin = (typeof PLUGINS)[number];

/** What a project is to be. */
export interface ProjectChoice {
  /** Its name, as manifests have it. */
  readonly name: string;
  readonly runtime: Runtime;
  readonly template: (typeof TEMPLATES)[number];
  readonly database: ProjectDatabaseName;
  readonly plugins: readonly ProjectPlugin[];
  /** Whether it says to assistants how to work on it. */
  readonly agents?: boolean | undefined;
}

/** Where a package comes from. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  /** Whether it is on JSR as well, which Deno takes it from. */
  readonly isOnJsr?: boolean | undefined;
  /** Whether only those who work on the project need it. */
  readonly isDev?: boolean | undefined;
}
