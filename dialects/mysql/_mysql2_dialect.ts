import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  MysqlDialect,
  type MysqlDialectConfig,
  MysqlDriver,
} from "kysely";

/** Kysely's dialect, with connections that take no object for SQL. */
export class Mysql2Dialect extends MysqlDialect {
  readonly #config: MysqlDialectConfig;

  constructor(config: MysqlDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new Mysql2Driver(this.#config);
  }
}

class Mysql2Driver extends MysqlDriver {
  readonly #checked = new WeakSet<DatabaseConnection>();

  override async acquireConnection(
    ...parameters: Parameters<MysqlDriver["acquireConnection"]>
  ): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection(...parameters);
    if (!this.#checked.has(connection)) {
      this.#checked.add(connection);
      checkParameters(connection);
    }
    return connection;
  }
}

function checkParameters(connection: DatabaseConnection): void {
  const { executeQuery, streamQuery } = connection;
  // The functions read nothing of R, so they are right for all of them.
  connection.executeQuery = async function (...parameters: Parameters<typeof executeQuery>) {
    refuseObjects(parameters[0]);
    return await executeQuery.apply(connection, parameters);
  } as typeof executeQuery;
  connection.streamQuery = function (...parameters: Parameters<typeof streamQuery>) {
    refuseObjects(parameters[0]);
    return streamQuery.apply(connection, parameters);
  } as typeof streamQuery;
}

/**
 * mysql2 writes values into the text of the query: an array as a list of values, an object as the
 * text "[object Object]" or, in older versions, as more SQL (`{"id": 1}` became `` `id` = 1 ``).
 */
function refuseObjects(query: CompiledQuery): void {
  query.parameters.forEach((value, index) => {
    if (
      typeof value !== "object" || value === null || value instanceof Date ||
      value instanceof Uint8Array
    ) return;
    throw new TypeError(
      `Cannot bind parameter ${index + 1}: MySQL has no type for ${
        Array.isArray(value) ? "an array" : "an object"
      }; pass text, a number, a bigint, a boolean, a Date or bytes (JSON.stringify() for JSON)`,
    );
  });
}
