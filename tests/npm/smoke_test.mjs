import { describe, it } from "node:test";
import "@kysera/dialects";
describe("smoke", () => {
  it("works", () => {});
});
