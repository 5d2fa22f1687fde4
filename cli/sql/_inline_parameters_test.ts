import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CliError } from "../contract/_cli_error.ts";
import { inlineParameters } from "./_inline_parameters.ts";

describe("inlineParameters()", () => {
  it("leaves strings, names and comments as they are", () => {
    const sql = `select $1, '$1 '' $1', "$1", $t$ $1 $t$, E'\\' $1' -- $1\n/* $1 */, $2, $10`;
    const values = [1, "it's", 3, 4, 5, 6, 7, 8, 9, 10];
    assert.equal(
      inlineParameters(sql, values, "postgres"),
      `select 1, '$1 '' $1', "$1", $t$ $1 $t$, E'\\' $1' -- $1\n/* $1 */, 'it''s', 10`,
    );
    assert.equal(
      inlineParameters("select ?, '\\' ?', \"?\", `?`, ? -- ?", [1, "\\'"], "mysql"),
      "select 1, '\\' ?', \"?\", `?`, '\\\\''' -- ?",
    );
    assert.equal(
      inlineParameters(`select ?, '\\', "?", ?`, [true, null], "sqlite"),
      `select 1, '\\', "?", null`,
    );
  });

  it("writes values as each database reads them", () => {
    const values = [new Date(0), new Uint8Array([0, 255]), 5n, false, { a: "'" }, undefined];
    const sql = values.map(() => "?").join(" ");
    assert.equal(
      inlineParameters(sql, values, "sqlite"),
      `'1970-01-01T00:00:00.000Z' x'00ff' 5 0 '{"a":"''"}' null`,
    );
    assert.equal(
      inlineParameters(sql, values, "mysql"),
      `'1970-01-01 00:00:00.000' x'00ff' 5 false '{"a":"''"}' null`,
    );
    assert.equal(
      inlineParameters("$1 $2", [new Date(0), new Uint8Array([0, 255])], "postgres"),
      `'1970-01-01T00:00:00.000Z' '\\x00ff'::bytea`,
    );
  });

  it("refuses what has no literal", () => {
    for (const value of [[1], NaN, Symbol("x"), "\0"]) {
      assert.throws(() => inlineParameters("?", [value], "sqlite"), CliError);
    }
  });
});
