import { TransactionNotSupportedError } from "@kysera/core";
import type { CompiledQuery } from "kysely";
import { firstWord } from "./_statement_kind.ts";

/** What was refused, by the first word of a command about transactions. */
const ACTIONS: Readonly<Record<string, string>> = {
  begin: "begin a transaction",
  commit: "commit a transaction",
  end: "commit a transaction",
  rollback: "roll back a transaction",
  savepoint: "set a savepoint",
  release: "release a savepoint",
};

/**
 * Refuses a command about transactions before it is sent.
 *
 * @param query the query
 * @param database the name of the database, for the message
 * @throws {TransactionNotSupportedError} if the query is such a command
 */
export function refuseTransactionCommand({ query, sql }: CompiledQuery, database: string): void {
  if (query.kind !== "RawNode") return;
  const word = firstWord(sql)?.toLowerCase() ?? "";
  if (Object.hasOwn(ACTIONS, word)) {
    throw new TransactionNotSupportedError(database, ACTIONS[word]!);
  }
}
