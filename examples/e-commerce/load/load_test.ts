import assert from "node:assert/strict";
import { describe, it } from "node:test";
import process from "node:process";
import { FULL, SHORT } from "./options.ts";
import { runLoad } from "./run_load.ts";

describe("the shop under load, whose servers are killed", () => {
  it("sells no piece twice, and loses no order, payment or message", async () => {
    const options = process.env["LOAD"] === "full" ? FULL : SHORT;
    const report = await runLoad(options);
    assert.deepEqual(report.contradictions, []);
    assert.deepEqual(report.problems, []);
    assert.equal(report.kills, options.kills);
    assert.deepEqual(report.exitCodes, Array(options.processes).fill(0));
    // It was a test: there was more to sell than pieces, and something went wrong on the way.
    assert.ok((report.orders["paid"] ?? 0) > 0);
    assert.ok(report.paymentRequests > report.payments, "the provider was asked again");
  });
});
