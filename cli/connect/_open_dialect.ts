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
  /** Whether the file is opened to be read only. Default: it is not. */
  readonly readOnly?: boolean | undefined;
}

/** Creates the dialect of a database, or of another database of its server. */
export type CreateDialect = (database?: string) => Dialect;

/** Loads a driver; returns what creates its dialects. */
export type OpenDialect = (request: DialectRequest) => Promise<CreateDialect>;
