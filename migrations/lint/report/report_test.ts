import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertSarif } from "../../../tests/support/sarif.ts";
import type { LintFinding, LintReport } from "../contract/lint_finding.ts";
import { lintReportToGitHubAnnotations } from "./to_github_annotations.ts";
import { lintReportToJson } from "./to_json.ts";
import { lintReportToSarif } from "./to_sarif.ts";

const finding: LintFinding = {
  rule: "drop-table",
  severity: "error",
  migration: "002_drop",
  file: "002 drop, all.sql",
  statement: 2,
  line: 7,
  sql: 'drop table "users"',
  message: 'Drops the table "users"',
  reason: "Its rows are lost: 100% of them.",
  instead: "Drop it\nlater.",
};
const whole: LintFinding = {
  rule: "missing-down",
  severity: "info",
  migration: "003_notes",
  message: "Has no down",
  reason: "A rollback stops before it.",
  instead: "Write `down`.",
};
const report: LintReport = {
  findings: [finding, whole],
  ignored: [{ ...finding, statement: 1, line: 3, because: "nobody reads it" }],
  migrations: ["002_drop", "003_notes"],
  counts: { error: 1, warning: 0, info: 1 },
};
const none: LintReport = {
  findings: [],
  ignored: [],
  migrations: [],
  counts: { error: 0, warning: 0, info: 0 },
};

describe("lintReportToJson()", () => {
  it("holds what was found", () => {
    assert.deepEqual(JSON.parse(lintReportToJson(report)), JSON.parse(JSON.stringify(report)));
  });
});

describe("lintReportToGitHubAnnotations()", () => {
  it("writes a command on a line for each finding", () => {
    assert.deepEqual(
      lintReportToGitHubAnnotations(report, { folder: "./db//migrations/" }).split("\n"),
      [
        "::error file=db/migrations/002 drop%2C all.sql,line=7,title=drop-table::002_drop: " +
        'Drops the table "users". Its rows are lost: 100%25 of them. Instead: Drop it%0Alater.',
        "::notice title=missing-down::003_notes: Has no down. A rollback stops before it. " +
        "Instead: Write `down`.",
      ],
    );
    assert.equal(lintReportToGitHubAnnotations(none), "");
  });
});

describe("lintReportToSarif()", () => {
  it("is a log of SARIF 2.1.0", () => {
    const log = JSON.parse(lintReportToSarif(report, { folder: "db\\migrations" }));
    assertSarif(log);
    const [run] = log.runs;
    const { driver } = run.tool;
    assert.deepEqual(driver.rules.map(({ id }: { id: string }) => id), [
      "drop-table",
      "missing-down",
    ]);
    for (const { level, message, locations } of run.results) {
      assert.ok(["error", "warning", "note"].includes(level));
      assert.ok(message.text.length > 0);
      assert.equal(locations.length, 1);
    }
    const [error, info, ignored] = run.results;
    assert.deepEqual(error.locations[0].physicalLocation, {
      artifactLocation: { uri: "db/migrations/002%20drop,%20all.sql" },
      region: { startLine: 7 },
    });
    assert.equal(info.level, "note");
    assert.equal(info.locations[0].physicalLocation, undefined);
    assert.deepEqual(ignored.suppressions, [
      { kind: "inSource", justification: "nobody reads it" },
    ]);
    assert.equal(error.suppressions, undefined);
    assert.notDeepEqual(error.partialFingerprints, ignored.partialFingerprints);
  });

  it("holds no result where nothing was found", () => {
    const log = JSON.parse(lintReportToSarif(none));
    assertSarif(log);
    assert.deepEqual(log.runs[0].results, []);
  });
});
