/**
 * `deno task bench:conditions`: one condition, declared once, and whether it holds for the queries of
 * each library. `--write` writes `docs/conditions-compared.md`.
 *
 * Each library has a program in `programs/`, which declares that deleted rows do not exist in the way
 * that the library documents, and tries what {@linkcode TASKS} names. The packages are installed by npm
 * for the length of the run.
 *
 * @module
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { findRuntime } from "../../scripts/npm/runtime.ts";
import { mustRun } from "../../scripts/run.ts";
import { members, ROOT } from "../../scripts/workspace.ts";
import { type Outcome, outcomesOf } from "./_judge.ts";
import { LIBRARIES, type Library, page } from "./_page.ts";

const PROGRAMS = join(import.meta.dirname!, "programs");
/** Drivers, and Kysely for ZenStack; the libraries have theirs in {@linkcode LIBRARIES}. */
const DRIVERS = {
  "@electric-sql/pglite": "0.5.16",
  "@prisma/adapter-libsql": "7.10.0",
  "@prisma/client": "7.10.0",
  "@zenstackhq/cli": "3.9.4",
  "@zenstackhq/plugin-policy": "3.9.4",
  "kysely": "0.29.9",
  "sql.js": "1.14.0",
};

const { values: flags } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const folder = mkdtempSync(join(tmpdir(), "kysera-conditions-"));
try {
  await compare();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compare(): Promise<void> {
  const run = await prepare();
  const outcomes = new Map<string, Record<string, Outcome>>();
  for (const library of LIBRARIES) outcomes.set(library.name, outcomesOf(await run(library)));
  const version = members()[0]!.version;
  const text = page(outcomes, version, new Date());
  console.log(text);
  // What Kysera says of itself has to hold.
  const own = Object.values(outcomes.get("Kysera")!);
  if (own.some(({ verdict }) => verdict === "leaks")) process.exitCode = 1;
  if (!flags.write) return;
  const path = join(ROOT, "docs", "conditions-compared.md");
  writeFileSync(path, text);
  await mustRun([process.execPath, "fmt", path], { cwd: ROOT });
}

/** Installs the libraries, and generates what two of them generate. */
async function prepare(): Promise<(library: Library) => Promise<string>> {
  cpSync(PROGRAMS, folder, { recursive: true });
  const dependencies = {
    ...DRIVERS,
    ...Object.fromEntries(
      LIBRARIES.flatMap(({ npm }) => npm === undefined ? [] : [[npm.name, npm.version]]),
    ),
  };
  const manifest = { private: true, type: "module", dependencies };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await mustRun(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder });
  const node = await findRuntime("node", "24");
  const env = {
    ...process.env,
    PATH: `${dirname(node.binary)}:${process.env["PATH"]}`,
    // Generating a client does not need the program that Prisma would fetch.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  };
  const tool = (...command: string[]) => mustRun(["npx", ...command], { cwd: folder, env });
  await tool("prisma", "generate", "--schema", "prisma/schema.prisma");
  await tool("zen", "generate", "--schema", "zenstack/schema.zmodel");
  return ({ program, npm }) =>
    npm === undefined
      ? mustRun([
        ...[process.execPath, "run", "-A", "--no-check", "--no-lock"],
        ...["--config", join(ROOT, "deno.json"), join(PROGRAMS, program)],
      ])
      : mustRun([node.binary, program], { cwd: folder, env });
}
