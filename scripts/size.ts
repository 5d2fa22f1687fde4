/**
 * `deno task bench:size`: what a program has to load that takes things from the packages: minified,
 * and compressed by gzip, without Kysely. `--check` exits with 1 where one is over its budget.
 *
 * A budget is what was measured when it was set, and a little more; where a goal is below, it is not
 * reached yet. A change that is worth its size raises the budget, and says so.
 *
 * @module
 */
import process from "node:process";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type PluginBuild, stop } from "esbuild";
import { members, ROOT } from "./workspace.ts";

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
    budget: 85.5,
    goal: 25,
  },
  { name: "executor", imports: EXECUTOR, budget: 73.5 },
  {
    name: "timestamps",
    imports: { ...EXECUTOR, "@kysera/timestamps": ["timestampsPlugin"] },
    budget: 81.5,
  },
  {
    name: "audit",
    imports: { ...EXECUTOR, "@kysera/audit": ["auditPlugin"] },
    budget: 111,
    goal: 60,
  },
  {
    name: "row-level security",
    imports: { ...EXECUTOR, "@kysera/rls": ["rlsPlugin", "defineRLSSchema"] },
    budget: 105,
    goal: 60,
  },
  {
    name: "native policies",
    imports: { "@kysera/rls/native": ["nativeRLSPlugin"] },
    budget: 5,
  },
  {
    name: "repository",
    imports: { "@kysera/repository": ["createRepository"] },
    budget: 129,
    goal: 60,
  },
  { name: "withTransaction", imports: { "@kysera/dal": ["withTransaction"] }, budget: 13.5 },
  { name: "pagination", imports: { "@kysera/core": ["paginate", "paginateCursor"] }, budget: 21 },
  {
    name: "withRetry",
    imports: { "@kysera/infra/resilience": ["withRetry"] },
    budget: 9.5,
    goal: 3,
  },
  { name: "health", imports: { "@kysera/infra/health": ["createHealthHandlers"] }, budget: 2.5 },
  {
    name: "replicas",
    imports: { "@kysera/infra/replicas": ["createReplicaRouter"] },
    budget: 13,
  },
  { name: "d1Dialect", imports: { "@kysera/dialects": ["d1Dialect"] }, budget: 5.5 },
  { name: "pgDialect", imports: { "@kysera/dialects": ["pgDialect"] }, budget: 2.5 },
  {
    name: "migrations",
    imports: { "@kysera/migrations": ["createMigrationRunner"] },
    budget: 38.5,
  },
  { name: "debug", imports: { ...EXECUTOR, "@kysera/debug": ["debugPlugin"] }, budget: 79.5 },
];

/**
 * Measures what programs have to load, as a bundler makes it of the npm packages, which say of their
 * modules that nothing happens when they are imported.
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
  const { outputFiles: [output] } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    plugins: [{ name: "workspace", setup: resolveWorkspace }],
  });
  const code = output!.contents;
  return {
    ...program,
    minified: code.byteLength / 1_000,
    gzipped: gzipSync(code, { level: 9 }).byteLength / 1_000,
  };
}

/** Finds the packages in the workspace; what is not of it is somebody else's to load. */
function resolveWorkspace({ onResolve }: PluginBuild): void {
  const entries = new Map(
    members().flatMap(({ dir, exports, name }) =>
      Object.entries(exports).map(([entry, file]) => [name + entry.slice(1), join(dir, file)])
    ),
  );
  onResolve({ filter: /.*/ }, ({ path, importer }) => {
    if (path.startsWith(".")) {
      return { path: resolve(dirname(importer), path), sideEffects: false };
    }
    const entry = entries.get(path);
    return entry === undefined ? { path, external: true } : { path: entry, sideEffects: false };
  });
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
