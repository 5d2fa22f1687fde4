import { type BunSqliteDatabase, bunSqliteDialect } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";

const inBun = "Bun" in globalThis;
// A name that other runtimes and type checkers do not look up.
const driver: string = "bun:sqlite";
// The class takes a file name; nothing here knows its declaration.
const Database: (new (name: string) => BunSqliteDatabase) | undefined = inBun
  ? (await import(driver)).Database
  : undefined;

describeContract({
  name: "bunSqliteDialect()",
  family: "sqlite",
  skip: inBun ? undefined : "bun:sqlite is there in Bun only",
  open: () =>
    Promise.resolve({ dialect: bunSqliteDialect({ database: () => new Database!(":memory:") }) }),
});
