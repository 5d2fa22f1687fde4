/**
 * `deno task bench:docs`: makes `docs/performance.md` of what `bench/results` holds, which
 * `deno task bench --json bench/results/run.json` and `deno task bench:peers` write.
 *
 * The words stand here, and every number in them is read from the results: a row that was not
 * measured fails the task.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Measured } from "./_ratio.ts";
import { type GroupResult, isWithin, ratioOf, readRun, type Result, type Run } from "./_report.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = readRun(join(root, "bench/results/run.json"));
const peersFile = join(root, "bench/results/peers.json");
const peers = existsSync(peersFile) ? readRun(peersFile) : undefined;

const path = join(root, "docs/performance.md");
writeFileSync(path, page());
execFileSync(process.execPath, ["fmt", "--quiet", path]);

function page(): string {
  return [
    "# Performance",
    `Made by \`deno task bench:docs\` from ${
      measuredOn(run)
    }. Ratios are what counts: both sides ` +
    "of each run in one process, turn by turn, do the same work on the same driver with the same " +
    "settings, and give the same rows. What no server has a part in is timed by the processor's " +
    "clock, the rest by that on the wall. The ratio is that of the 10th percentiles of all turns; " +
    "the spread is the middle half of the ratios of turns that came after each other.",
    run.full
      ? ""
      : "This run was a short one, with fewer rows and tables than the budgets are about.",
    "## What to do about speed",
    ...advice(),
    "## The rows",
    "A row can be measured alone: `deno task bench --only audited-sqlite/create`. `deno task bench " +
    "--full` measures all of them as the budgets mean them.",
    ...run.groups.map(groupOf),
    ...peers === undefined ? [] : [
      "## Other libraries",
      `From ${measuredOn(peers)}, by \`deno task bench:peers\`. The time of Kysely, with the ` +
      "conditions written by hand on the dialect that keeps prepared statements, is 1.",
      ...peers.groups.map(peersOf),
    ],
    run.missing.length === 0 ? "" : `Not measured: ${run.missing.join(", ")}.`,
  ].filter((part) => part !== "").join("\n\n") + "\n";
}

function measuredOn({ date, machine, seconds }: Run): string {
  const { runtime, processor, cores, memory, system } = machine;
  return `a run of ${date} on ${runtime}, ${processor} with ${cores} cores and ${memory}, ` +
    `${system}, ${seconds} s a row`;
}

/** Advice, each with the numbers that it follows from. */
function advice(): string[] {
  return [
    `**Keep prepared statements on SQLite.** Kysely's own dialect prepares each statement anew: a ` +
    `row by its key takes ${
      ratio("run-sqlite/select-one", 2)
    } of what it takes on the dialects of ` +
    "`@kysera/dialects`, which keep 256 of them. Where a program has more different statements " +
    "than that, raise `statementCacheSize`.",
    `**Have PostgreSQL keep statements**, where a session is yours: ` +
    "`pgDialect({ pool, preparedStatements: 100 })`. An audited update takes " +
    `${time("audited-postgres-prepared/update", 1)} with it and ` +
    `${time("audited-postgres/update", 1)} without: the longer the statement, the more parsing ` +
    "and planning it costs. Behind a pooler that gives a session to another client after each " +
    "transaction (PgBouncer before 1.21, or without `max_prepared_statements`), leave it 0.",
    `**Use repositories and \`prepareQuery\` for what runs often.** They build, rewrite and compile ` +
    `a query once: under four plugins a row by its key takes ` +
    `${ratio("plugins-sqlite/find-by-id")} of what Kysely takes with the conditions by hand, and ` +
    `${ratio("plugins-sqlite/by-id-built")} where it is built each time.`,
    `**Bind a context for each request**, and make executors and repositories once. A repository ` +
    `that is put on a bound executor for each request takes ${
      ratio("contexts/policies-1")
    } of one ` +
    `that was bound before with one policy on the table, and ${ratio("contexts/policies-50")} ` +
    "with fifty. A context should hold what policies read, and no more.",
    "**Index what policies compare.** Row-level security adds the policy to each query, so the " +
    "column that it compares (`tenant_id`) belongs at the front of the indexes of queries that " +
    "do not look rows up by a unique key, before the columns that they filter and order by. A " +
    "partial index (`where deleted_at is null`) fits the filter of soft delete.",
    `**Page by cursor where pages are many.** A page in the middle of a table takes ` +
    `${ratio("pages-postgres/id-asc")} of the query by hand on PostgreSQL, however deep it is; a ` +
    "page by number reads all rows before it. With signed cursors it is " +
    `${ratio("pages-postgres/signed-page-500")}. Say \`nullable: false\` for a column that is ` +
    "never NULL.",
    `**Write many rows at once.** ${entries()}`,
    `**Let triggers write the log** where even that is too much: an update that a trigger logs ` +
    `takes ${ratio("audited-sqlite/update-prepared", 2)} of five statements by hand on SQLite, ` +
    `against ${ratio("audited-sqlite/update-prepared")} by the plugin. On PostgreSQL, where the ` +
    `plugin sends one statement, it is ${ratio("audited-postgres-prepared/update", 2)} against ` +
    `${ratio("audited-postgres-prepared/update")}. ${byMode()}`.trim(),
  ];
}

/** What is said of triggers that the plugin tells who does the write, where they were measured. */
function byMode(): string {
  const isMeasured = run.groups.some(({ sides }) => sides.includes("mode: trigger"));
  if (!isMeasured) return "";
  return 'With `auditPlugin({ mode: "trigger" })` they know the caller: ' +
    `${ratio("audited-sqlite/update-prepared", 3)} on SQLite, ` +
    `${ratio("audited-postgres/update", 3)} on PostgreSQL where statements are parsed each time, ` +
    `against ${ratio("audited-postgres/update")} by the plugin.`;
}

function entries(): string {
  return "An audited insert of 1,000 rows takes " +
    `${time("audited-sqlite/bulk-1000", 1)} on SQLite, and one of a single row ` +
    `${time("audited-sqlite/create", 1)}: a row of the thousand costs ` +
    `${ratioOf(found("audited-sqlite/bulk-1000", 1).p10 / 1_000)} µs.`;
}

/** The ratio of a side of a row to its first side. */
function ratio(name: string, side = 1): string {
  return ratioOf(found(name, side).ratio.p10);
}

function time(name: string, side: number): string {
  return microseconds(found(name, side).p10);
}

function found(name: string, side: number): Measured {
  const row = run.groups.flatMap(({ results }) => results).find((row) => row.name === name);
  const measured = row?.sides[side];
  if (measured !== undefined) return measured;
  throw new Error(
    `Cannot write docs/performance.md: "${name}" was not measured; run ` +
      `deno task bench --only ${name} --json bench/results/run.json`,
  );
}

function groupOf({ title, sides, results }: GroupResult): string {
  const [base, subject, ...others] = sides;
  return `### ${title}\n\n` + table(
    ["", base!, subject!, "ratio", "spread", "budget", ...others],
    results.map((result) => {
      const [first, second, ...rest] = result.sides;
      return [
        `\`${result.name}\``,
        valueOf(first, result.unit),
        valueOf(second, result.unit),
        ratioOf(second?.ratio.p10),
        second === undefined ? "-" : second.spread.map(ratioOf).join(" to "),
        budget(result),
        ...others.map((_, i) => ratioOf(rest[i]?.ratio.p10)),
      ];
    }),
  );
}

function budget(result: Result): string {
  const { budget, most, unit } = result;
  const limit = budget === undefined
    ? most === undefined ? "" : `${most} ${unit}`
    : ratioOf(budget);
  return isWithin(result) === false ? `${limit}, over` : limit;
}

function peersOf({ sides, results }: GroupResult): string {
  return table(
    ["", ...sides.slice(1)],
    results.map(({ name, sides }) => [
      `\`${name.slice(name.indexOf("/") + 1)}\``,
      ...sides.slice(1).map((side) => ratioOf(side?.ratio.p10)),
    ]),
  );
}

function valueOf(side: Measured | undefined, unit: string): string {
  if (side === undefined) return "-";
  return unit === "µs" ? microseconds(side.p10) : `${ratioOf(side.p10)} ${unit}`;
}

function microseconds(value: number): string {
  return value >= 1_000 ? `${(value / 1_000).toFixed(1)} ms` : `${value.toPrecision(3)} µs`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, i) =>
    Math.max(3, text.length, ...rows.map((row) => row[i]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
