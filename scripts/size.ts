/**
 * `deno task bench:size`: what a program has to load that takes things from the packages: minified,
 * and compressed by gzip, without Kysely, by a bundler that makes files of their own of what is imported
 * lazily. These are loaded when they are needed, and not counted. `--check` exits with 1 where a program
 * is over its budget.
 *
 * A budget is what was measured when it was set, and a little more; where a goal is below, it is not
 * reached yet. A change that is worth its size raises the budget, and says so.
 *
 * @module
 */
import process from "node:process";
import { gzipSync } from "node:zlib";
import { stop } from "esbuild";
import { bundle, type BundledFile } from "./bundle.ts";

/** What a program takes from the packages, and how large that may be. */
export interface SizeBudget {
  readonly name: string;
  /** The names that it imports, by the entry. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** In kB (1,000 bytes) after gzip. */
  readonly budget: number;
  /** What it is to be in the end, where that is less. */
  readonly goal?: number;
}

/** A budget, and what was measured. */
export interface Size extends SizeBudget {
  /** In kB. */
  readonly minified: number;
  /** In kB. */
  readonly gzipped: number;
}

const EXECUTOR = { "@kysera/executor": ["createExecutor"] };

/** The budgets. */
export const SIZE_BUDGETS: readonly SizeBudget[] = [
  {
    name: "executor and soft delete",
    imports: { ...EXECUTOR, "@kysera/soft-delete": ["softDeletePlugin"] },
    budget: 61,
    goal: 25,
  },
  { name: "executor", imports: EXECUTOR, budget: 49.5 },
  {
    name: "timestamps",
    imports: { ...EXECUTOR, "@kysera/timestamps": ["timestampsPlugin"] },
    budget: 57,
  },
  {
    name: "audit",
    imports: { ...EXECUTOR, "@kysera/audit": ["auditPlugin"] },
    budget: 67.5,
    goal: 60,
  },
  {
    name: "row-level security",
    imports: { ...EXECUTOR, "@kysera/rls": ["rlsPlugin", "defineRLSSchema"] },
    budget: 80.5,
    goal: 60,
  },
  {
    name: "native policies",
    imports: { "@kysera/rls/native": ["nativeRLSPlugin"] },
    budget: 5.7,
  },
  {
    name: "repository",
    imports: { "@kysera/repository": ["createRepository"] },
    budget: 80,
    goal: 60,
  },
  { name: "withTransaction", imports: { "@kysera/dal": ["withTransaction"] }, budget: 8.4 },
  { name: "pagination", imports: { "@kysera/core": ["paginate", "paginateCursor"] }, budget: 20.5 },
  {
    name: "withRetry",
    imports: { "@kysera/infra/resilience": ["withRetry"] },
    budget: 3,
  },
  { name: "health", imports: { "@kysera/infra/health": ["createHealthHandlers"] }, budget: 2.5 },
  {
    name: "replicas",
    imports: { "@kysera/infra/replicas": ["createReplicaRouter"] },
    budget: 13.8,
  },
  { name: "d1Dialect", imports: { "@kysera/dialects": ["d1Dialect"] }, budget: 5.4 },
  { name: "pgDialect", imports: { "@kysera/dialects": ["pgDialect"] }, budget: 2.5 },
  {
    name: "migrations",
    imports: { "@kysera/migrations": ["createMigrationRunner"] },
    budget: 38.5,
  },
  { name: "debug", imports: { ...EXECUTOR, "@kysera/debug": ["debugPlugin"] }, budget: 61 },
];

/**
 * Measures what programs have to load when they start.
 *
 * @param programs The programs.
 * @returns The size of each.
 */
export async function sizesOf(programs: readonly SizeBudget[]): Promise<readonly Size[]> {
  try {
    return await Promise.all(programs.map(sizeOf));
  } finally {
    await stop();
  }
}

async function sizeOf(program: SizeBudget): Promise<Size> {
  const entries = Object.entries(program.imports);
  const contents = [
    ...entries.map(([entry, names], i) =>
      `import { ${names.map((name, n) => `${name} as v${i}_${n}`).join(", ")} } from "${entry}";`
    ),
    // Something has to be done with them, or nothing of them is left.
    `globalThis.taken = [${
      entries.flatMap(([, names], i) => names.map((_, n) => `v${i}_${n}`)).join(", ")
    }];`,
  ].join("\n");
  const files = await bundle({ programs: { program: contents } });
  const kB = (measure: (file: BundledFile) => number): number =>
    files.filter(({ atStart }) => atStart).reduce((sum, file) => sum + measure(file), 0) / 1_000;
  return {
    ...program,
    minified: kB(({ contents }) => contents.byteLength),
    gzipped: kB(({ contents }) => gzipSync(contents, { level: 9 }).byteLength),
  };
}

async function main(isCheck: boolean): Promise<number> {
  let isOver = false;
  console.log(`${"".padEnd(32)}  min kB  gzip kB  budget  goal`);
  for (const size of await sizesOf(SIZE_BUDGETS)) {
    const { name, minified, gzipped, budget, goal } = size;
    isOver ||= gzipped > budget;
    const line = [name.padEnd(32), minified.toFixed(1).padStart(6), gzipped.toFixed(1).padStart(7)];
    line.push(String(budget).padStart(6), goal === undefined ? "    " : String(goal).padStart(4));
    console.log(line.join("  ") + (gzipped > budget ? "  over its budget" : ""));
  }
  return isCheck && isOver ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.includes("--check"));
