/** Kyselys that compile for a dialect and never reach a database. */
import {
  type Dialect,
  DummyDriver,
  Kysely,
  type KyselyPlugin,
  MssqlAdapter,
  MssqlIntrospector,
  MssqlQueryCompiler,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

const dialects: Record<DummyName, Pick<Dialect, Exclude<keyof Dialect, "createDriver">>> = {
  mssql: {
    createAdapter: () => new MssqlAdapter(),
    createIntrospector: (db) => new MssqlIntrospector(db),
    createQueryCompiler: () => new MssqlQueryCompiler(),
  },
  mysql: {
    createAdapter: () => new MysqlAdapter(),
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
};

export type DummyName = "postgres" | "mysql" | "sqlite" | "mssql";

/** A Kysely of a dialect whose driver gives no rows. */
export function dummy<DB = any>(
  name: DummyName = "postgres",
  plugins: KyselyPlugin[] = [],
): Kysely<DB> {
  return new Kysely<DB>({
    dialect: { ...dialects[name], createDriver: () => new DummyDriver() },
    plugins,
  });
}
