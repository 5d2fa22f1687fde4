import { DatabaseSync } from "node:sqlite";
import { nodeSqliteDialect } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";

describeContract({
  name: "nodeSqliteDialect()",
  family: "sqlite",
  open: () =>
    Promise.resolve({
      dialect: nodeSqliteDialect({ database: () => new DatabaseSync(":memory:") }),
    }),
});
