import { describe } from "node:test";
import { testExample } from "./_examples.ts";

describe("examples/blog-app", () => testExample("blog-app", ["SQLite", "PostgreSQL", "MariaDB"]));
