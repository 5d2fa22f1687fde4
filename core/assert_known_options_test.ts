import { assertKnownOptions, BadRequestError } from "@kysera/core";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const KNOWN = ["limit", "offset"];

function refusal(options: unknown, message: Parameters<typeof assertKnownOptions>[2]): Error {
  try {
    assertKnownOptions(options, KNOWN, message);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail("nothing was thrown");
}

describe("assertKnownOptions()", () => {
  it("accepts the options there are, whatever their values", () => {
    for (
      const options of [{}, { limit: undefined }, { limit: 1, offset: "x" }, Object.create(null)]
    ) {
      assertKnownOptions(options, KNOWN, { action: "page" });
    }
  });

  it("names an unknown option, all that there are, and one that is near", () => {
    const error = refusal({ limit: 1, ofset: 2 }, { action: "page" });
    assert.ok(error instanceof BadRequestError);
    assert.equal(
      error.message,
      'Cannot page: there is no option "ofset"; the options are "limit", "offset" ' +
        '(did you mean "offset"?)',
    );
    assert.equal(
      refusal({ sortedBy: "x" }, { action: "page" }).message,
      'Cannot page: there is no option "sortedBy"; the options are "limit", "offset"',
    );
  });

  it("takes no inherited name, and no symbol, for an option", () => {
    for (const name of ["toString", "constructor", "__proto__"]) {
      const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
      assert.match(refusal(options, { action: "page" }).message, new RegExp(`no option "${name}"`));
    }
    assert.match(
      refusal({ [Symbol("limit")]: 1 }, { action: "page" }).message,
      /no option "Symbol\(limit\)"/,
    );
  });

  it("looks at what was written, and not at what a prototype or a library hides there", () => {
    const hidden = Object.defineProperty({ limit: 1 }, "__hidden", { value: 1 });
    assertKnownOptions(hidden, KNOWN, { action: "page" });
    assertKnownOptions(Object.create({ inherited: 1 }), KNOWN, { action: "page" });
  });

  it("refuses what is not an object", () => {
    for (const options of [null, undefined, "limit", 5, true, () => {}, [], ["limit"]]) {
      assert.equal(
        refusal(options, { action: "page" }).message,
        "Cannot page: the options are not an object",
      );
    }
  });

  it("says whose option it would be", () => {
    assert.match(
      refusal({ x: 1 }, { action: "page", subject: '"retry"' }).message,
      /^Cannot page: "retry" has no option "x"; the options are "limit", "offset"$/,
    );
  });

  it("throws the error that the caller creates, who may word it", () => {
    assert.ok(refusal({ x: 1 }, { action: "page", makeError: TypeError }) instanceof TypeError);
    const error = refusal({ x: 1 }, { makeError: (problem) => new RangeError(`No: ${problem}`) });
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /^No: there is no option "x"/);
  });
});
