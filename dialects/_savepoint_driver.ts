import {
  createQueryId,
  type DatabaseConnection,
  type Driver,
  IdentifierNode,
  type QueryCompiler,
  RawNode,
  type TransactionSettings,
} from "kysely";

type CompileQuery = QueryCompiler["compileQuery"];

/** A driver that sends the commands of savepoints as every dialect writes them. */
export abstract class SavepointDriver implements Driver {
  abstract init(): Promise<void>;
  abstract acquireConnection(): Promise<DatabaseConnection>;
  abstract beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void>;
  abstract commitTransaction(connection: DatabaseConnection): Promise<void>;
  abstract rollbackTransaction(connection: DatabaseConnection): Promise<void>;
  abstract releaseConnection(connection: DatabaseConnection): Promise<void>;
  abstract destroy(): Promise<void>;

  savepoint(
    connection: DatabaseConnection,
    name: string,
    compileQuery: CompileQuery,
  ): Promise<void> {
    return run(connection, "savepoint", name, compileQuery);
  }

  rollbackToSavepoint(
    connection: DatabaseConnection,
    name: string,
    compileQuery: CompileQuery,
  ): Promise<void> {
    return run(connection, "rollback to", name, compileQuery);
  }

  releaseSavepoint(
    connection: DatabaseConnection,
    name: string,
    compileQuery: CompileQuery,
  ): Promise<void> {
    return run(connection, "release", name, compileQuery);
  }
}

/** Runs `<command> "<name>"`, the name quoted as the dialect does it. */
async function run(
  connection: DatabaseConnection,
  command: "savepoint" | "rollback to" | "release",
  name: string,
  compileQuery: CompileQuery,
): Promise<void> {
  const node = RawNode.createWithChildren([
    RawNode.createWithSql(`${command} `),
    IdentifierNode.create(name),
  ]);
  await connection.executeQuery(compileQuery(node, createQueryId()));
}
