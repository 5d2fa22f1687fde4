import type { Dialect } from "kysely";
import type { Target } from "./_target.ts";

/** What a driver is opened with. */
export interface DialectRequest {
  readonly target: Target;
  /** The folder of the project. */
  readonly root: string;
  /** The file or folder; absent for servers. */
  readonly path: string | undefined;
  readonly schema: string | undefined;
}

/** Loads a driver and creates the dialect of a database. */
export type OpenDialect = (request: DialectRequest) => Promise<{ readonly dialect: Dialect }>;
