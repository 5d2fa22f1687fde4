import { mysql2Dialect } from "@kysera/dialects";
import type { MysqlPool } from "kysely";
import { importDriver } from "./_import_driver.ts";
import type { OpenDialect } from "./_open_dialect.ts";
import { given } from "./_open_postgres.ts";

interface Mysql2Module {
  readonly default: { createPool(options: Record<string, unknown>): MysqlPool };
}

/** Opens MySQL or MariaDB by `mysql2`. */
export const openMysql: OpenDialect = async ({ target: { config }, root, schema }) => {
  const { default: mysql } = await importDriver<Mysql2Module>("mysql2", root, "MySQL or MariaDB");
  const { connection, host, port, user, password, ssl, pool } = config;
  return (database = schema) =>
    mysql2Dialect({
      pool: mysql.createPool({
        ...connection === undefined
          ? given({ host: host ?? "localhost", port, user, password })
          : { uri: connection },
        ...given({
          ssl: ssl === true ? {} : ssl === false ? undefined : ssl,
          connectionLimit: pool?.max ?? 4,
          idleTimeout: pool?.idleTimeoutMillis,
          connectTimeout: pool?.acquireTimeoutMillis ?? 10_000,
          // What is a schema elsewhere is a database there.
          database: database ?? (connection === undefined ? config.database : undefined),
        }),
        timezone: "Z",
        supportBigNumbers: true,
        multipleStatements: false,
      }),
    });
};
