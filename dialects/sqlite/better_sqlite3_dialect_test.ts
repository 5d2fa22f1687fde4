import { betterSqlite3Dialect } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";

let SQLite: typeof import("better-sqlite3") | undefined;
let skip: string | undefined;
try {
  ({ default: SQLite } = await import("better-sqlite3"));
  new SQLite(":memory:").close();
} catch (error) {
  skip = `better-sqlite3 does not load: ${error instanceof Error ? error.message : error}`;
}

describeContract({
  name: "betterSqlite3Dialect()",
  family: "sqlite",
  skip,
  open: () =>
    Promise.resolve({
      dialect: betterSqlite3Dialect({ database: () => new SQLite!(":memory:") }),
    }),
});
