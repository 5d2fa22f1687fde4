import { describe } from "node:test";
import { testExample } from "./_examples.ts";

describe("examples/e-commerce", () =>
  testExample("e-commerce", ["SQLite", "PostgreSQL", "MariaDB"]));
