import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stampOf } from "./_stamp.ts";

describe("stampOf()", () => {
  const now = new Date("2026-01-02T03:04:05.678Z");

  it("is the time, later than that of any other", () => {
    assert.equal(stampOf([], now), "20260102030405");
    assert.equal(stampOf(["20260102030405_a.ts"], now), "20260102030406");
    assert.equal(stampOf(["20270101000059_a.ts", "20250101000000_b.ts"], now), "20270101000100");
  });

  it("is the next number where the others have numbers", () => {
    assert.equal(stampOf(["001_a.ts", "009_b.sql", "README.md"], now), "010");
    assert.equal(stampOf(["1_a.ts"], now), "2");
  });
});
