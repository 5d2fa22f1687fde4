import type { DatabaseDialect } from "../database_dialect.ts";

/** Where a database is and how to get in: the parts of a connection URL, decoded. */
export interface ConnectionConfig {
  /** The family of SQL, from the scheme of the URL. */
  dialect?: DatabaseDialect;
  /** A name, an IPv4 or IPv6 address (without brackets), or the path of a Unix socket. */
  host?: string;
  /** A port, 1 to 65535. */
  port?: number;
  /** The database; for SQLite the path of its file, or `:memory:`. Empty if there is none. */
  database: string;
  /** Who logs in. */
  user?: string;
  /** With what. */
  password?: string;
  /** Whether to encrypt the connection; absent if the URL leaves it to the driver. */
  ssl?: boolean;
  /** The query parameters of the URL, each as it was given. */
  options?: Record<string, string>;
}
