/**
 * `deno task bypass`: runs the bypass corpus on every dialect this machine can run, and prints
 * the outcome of each shape of query as a table.
 *
 * `--write` writes `docs/bypass.md` as well, `--row 32` runs one row only. It ends with 1 where
 * something leaks.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs, stripVTControlCharacters, styleText } from "node:util";
import { openDatabases } from "./databases.ts";
import { mustRun } from "./run.ts";
import { ROOT } from "./workspace.ts";

const { values } = parseArgs({
  options: { write: { type: "boolean", default: false }, row: { type: "string" } },
});
if (values.write && values.row !== undefined) {
  throw new Error("Cannot write the page from one row: leave --row out");
}
const databases = await openDatabases();
Object.assign(process.env, databases.env);
let code = 1;
try {
  code = await main();
} finally {
  await databases.close();
}
// PGlite, which the tests' runner would close, keeps the process alive.
process.exit(code);

async function main(): Promise<number> {
  // The matrix looks for the databases when it is loaded.
  const { matrix } = await import("../tests/support/matrix.ts");
  const { everyRow, sections } = await import("../tests/bypass/corpus.ts");
  const { renderMarkdown } = await import("../tests/bypass/markdown.ts");
  const { summary } = await import("../tests/bypass/report.ts");
  const { runRows } = await import("../tests/bypass/run.ts");

  const rows = everyRow().filter(({ number }) =>
    values.row === undefined || String(number) === values.row
  );
  if (rows.length === 0) throw new Error(`There is no row "${values.row}"`);

  const results = new Map<(typeof matrix)[number]["name"], Awaited<ReturnType<typeof runRows>>>();
  const problems: string[] = [];
  for (const dialect of matrix) {
    if (dialect.skip !== undefined) {
      console.log(`${dialect.name} is left out: ${dialect.skip}`);
      continue;
    }
    const found = await runRows(dialect, rows);
    results.set(dialect.name, found);
    for (const [key, result] of found) {
      for (const problem of result.problems) problems.push(`${dialect.name}, ${key}: ${problem}`);
    }
  }

  for (const { title, rows: all } of sections) {
    const shown = all.filter((row) => rows.includes(row));
    if (shown.length === 0) continue;
    const { head, lines } = summary({ title, rows: shown }, results);
    console.log(`\n${styleText("bold", title)}`);
    print([head.map((cell) => styleText("dim", cell)), ...lines.map(colour)]);
  }
  const cases = rows.reduce((sum, row) => sum + row.cases.length, 0);
  console.log(
    `\n${cases} cases; F filtered, C checked, R refused, ok nothing to hide, - not there`,
  );
  for (const problem of problems) console.error(`\n${problem}`);

  if (values.write) {
    const missing = matrix.filter(({ skip }) => skip !== undefined).map(({ name }) => name);
    if (missing.length > 0) throw new Error(`Cannot write the page without ${missing.join(", ")}`);
    const page = join(ROOT, "docs", "bypass.md");
    writeFileSync(page, renderMarkdown(results));
    await mustRun([process.execPath, "fmt", page], { cwd: ROOT });
    console.log(`Wrote ${page}`);
  }
  console.log(problems.length === 0 ? "Nothing leaks" : `${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

/** What is not as it must be is red; the rest of a verdict is green. */
function colour(line: readonly string[]): string[] {
  return line.map((cell, i) => {
    const text = cell.replaceAll("`", "");
    if (i < 4) return text;
    return /LEAK|OVER|VOID|ERROR/.test(text)
      ? styleText(["red", "bold"], text)
      : text === "-" || text === "?"
      ? styleText("dim", text)
      : styleText("green", text);
  });
}

function print(lines: readonly (readonly string[])[]): void {
  const width = (text: string) => stripVTControlCharacters(text).length;
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => width(line[i]!))));
  for (const line of lines) {
    console.log(
      line.map((cell, i) => cell + " ".repeat(widths[i]! - width(cell))).join("  ").trimEnd(),
    );
  }
}
