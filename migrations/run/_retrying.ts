import type { CompiledQuery, DatabaseConnection } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import { statementKind } from "../sql/_statement_kind.ts";
import { Patience } from "./_wait.ts";

/**
 * A connection to a file that others write to, which tries a statement again where it finds the file
 * locked and nothing is lost by that: outside of a transaction, at the beginning of one, and at its
 * end. In between, whoever waits would keep the other one waiting.
 *
 * @param connection the connection
 * @param traits the dialect
 * @param timeout how long to try, in milliseconds
 */
export function retrying(
  connection: DatabaseConnection,
  traits: MigrationTraits,
  timeout: number,
): DatabaseConnection {
  let inTransaction = false;
  let hasBegun = false;
  return new Proxy(connection, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key !== "executeQuery") return value.bind(target);
      return async (query: CompiledQuery, ...rest: []) => {
        const kind = statementKind(query, traits.lexis);
        const patience = new Patience(timeout, undefined);
        for (;;) {
          try {
            const result = await target.executeQuery(query, ...rest);
            if (kind === "begin") {
              inTransaction = true;
              hasBegun = false;
            } else if (kind === "commit" || kind === "rollback") inTransaction = false;
            else hasBegun = true;
            return result;
          } catch (error) {
            const canWait = !inTransaction || !hasBegun || kind === "commit";
            if (!canWait || !traits.isBusy(error) || patience.isOver) throw error;
            await patience.wait();
          }
        }
      };
    },
  });
}
