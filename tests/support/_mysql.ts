import { Kysely, MysqlDialect } from "kysely";
import { uniqueName } from "./_names.ts";
import type { TestDatabase, TestOpenOptions } from "./matrix.ts";

/** A fresh database on a MySQL or MariaDB server. */
export async function openMysql(
  url: string,
  options: TestOpenOptions = {},
): Promise<TestDatabase> {
  const { default: mysql } = await import("mysql2");
  const { default: promised } = await import("mysql2/promise");
  const database = uniqueName();
  const admin = async (statement: string): Promise<void> => {
    const connection = await promised.createConnection({ uri: url });
    try {
      await connection.query(statement);
    } finally {
      await connection.end();
    }
  };
  await admin(`create database \`${database}\` character set utf8mb4`);
  const own = new URL(url);
  own.pathname = `/${database}`;
  const dialect = new MysqlDialect({
    pool: mysql.createPool({
      uri: own.href,
      connectionLimit: options.connections ?? 4,
      timezone: "Z",
    }),
  });
  const db = new Kysely<any>({
    dialect: options.wrap?.(dialect) ?? dialect,
    plugins: options.plugins ?? [],
  });
  return {
    db,
    async close() {
      await db.destroy();
      await admin(`drop database \`${database}\``);
    },
  };
}
