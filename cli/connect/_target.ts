import { type ConnectionConfig, getDefaultPort, parseConnectionUrl } from "@kysera/dialects";
import { basename } from "node:path";
import type { DatabaseConfig } from "../config/config.ts";
import { resolvePath } from "../config/_resolve_path.ts";
import { usageError } from "../contract/_cli_error.ts";

/** The databases that the program has a driver for. */
export type TargetKind = "sqlite" | "pglite" | "postgres" | "mysql";

/** A database, as the configuration describes it. */
export interface Target {
  /** What opens it; `kysely` where the configuration does. */
  readonly kind: TargetKind | "kysely";
  /** What it is shown as. There is no password in it. */
  readonly label: string;
  /** Its name: what `--confirm` has to say. */
  readonly name: string;
  /** The server; absent where the database is a file. */
  readonly host: string | undefined;
  /** The path of the file or folder, or `:memory:`. */
  readonly path: string | undefined;
  readonly config: DatabaseConfig;
}

const KINDS: Readonly<Record<string, TargetKind>> = {
  postgres: "postgres",
  postgresql: "postgres",
  pglite: "pglite",
  mysql: "mysql",
  mariadb: "mysql",
  sqlite: "sqlite",
};

const HINT = "Set `database` in kysera.config, the variable DATABASE_URL, or give --url.";
const URL_HINT =
  "Write postgres://user:password@host/name, mysql://.., sqlite:app.db or pglite:./folder.";

/** Returns the database that a configuration means; nothing is opened. */
export function targetOf(config: DatabaseConfig | undefined, root: string): Target {
  if (config === undefined) throw usageError("No database is configured", { hint: HINT });
  if (config.kysely !== undefined) {
    return {
      kind: "kysely",
      label: "the database of the configuration",
      name: config.database ?? "database",
      host: config.host,
      path: undefined,
      config,
    };
  }
  const { kind, parts } = config.connection === undefined
    ? partsOfConfig(config)
    : partsOfUrl(config.connection);
  if (kind === "sqlite" || kind === "pglite") return fileTarget(kind, parts.database, root, config);
  const host = parts.host ?? "localhost";
  const user = parts.user === undefined ? "" : `${parts.user}@`;
  const port = parts.port === undefined || parts.port === getDefaultPort(kind)
    ? ""
    : `:${parts.port}`;
  return {
    kind,
    label: `${kind}://${user}${host}${port}/${parts.database}`,
    name: parts.database,
    host,
    path: undefined,
    config,
  };
}

/** Whether a database is one that must not be lost: by its environment, its server or its name. */
export function looksLikeProduction(target: Target, environment: string): boolean {
  return [environment, target.host ?? "", target.name].some((word) =>
    /(?:^|[^a-z])(?:prod|production|live)(?:[^a-z]|$)/i.test(word)
  );
}

function fileTarget(
  kind: "sqlite" | "pglite",
  path: string,
  root: string,
  config: DatabaseConfig,
): Target {
  const isInMemory = path === ":memory:" || path === "memory://";
  const file = isInMemory ? ":memory:" : resolvePath(root, path);
  return {
    kind,
    label: `${kind}:${path}`,
    name: isInMemory ? path : basename(file),
    host: undefined,
    path: file,
    config,
  };
}

function partsOfConfig(config: DatabaseConfig): { kind: TargetKind; parts: ConnectionConfig } {
  if (config.dialect === undefined) {
    throw usageError("The configuration names a database and no dialect", {
      hint: 'Set `database.dialect`, to "sqlite", "pglite", "postgres", "mysql" or "mariadb".',
    });
  }
  const kind = Object.hasOwn(KINDS, config.dialect) ? KINDS[config.dialect] : undefined;
  if (kind === undefined) {
    throw usageError(`There is no dialect "${config.dialect}"`, {
      hint: `The dialects are ${Object.keys(KINDS).map((name) => `"${name}"`).join(", ")}.`,
    });
  }
  if (config.database === undefined || config.database === "") {
    throw usageError("The configuration names a dialect and no database", {
      hint: "Set `database.database`; for SQLite it is the path of the file.",
    });
  }
  return { kind, parts: { ...config, database: config.database } as ConnectionConfig };
}

function partsOfUrl(url: string): { kind: TargetKind; parts: ConnectionConfig } {
  const folder = /^pglite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (folder !== undefined) return { kind: "pglite", parts: { database: folder } };
  let parts: ConnectionConfig;
  try {
    parts = parseConnectionUrl(url);
  } catch (cause) {
    // Its message shows nothing of the URL but the scheme.
    throw usageError((cause as Error).message, { cause, hint: URL_HINT });
  }
  const kind = KINDS[parts.dialect!];
  if (kind === undefined) {
    throw usageError(`Cannot open a database of the dialect "${parts.dialect}"`, {
      hint: "Create it in the configuration: `database: { kysely: () => new Kysely(..) }`.",
    });
  }
  return { kind, parts };
}
