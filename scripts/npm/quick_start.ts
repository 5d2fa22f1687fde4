/**
 * Follows the README and the quick start of the site as a newcomer does: the commands word for word, in
 * empty folders, with the packed packages.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import pg from "pg";
import { run } from "../run.ts";
import { ROOT } from "../workspace.ts";
import type { Check } from "./check.ts";
import { serveTarballs } from "./registry.ts";
import type { Runtime } from "./runtime.ts";

/** How the tabs of the pages are called. */
const TABS = { node: "Node", bun: "Bun" };

/** A block of code of a page. */
interface Block {
  /** `sh [Node]`, `ts ignore` */
  readonly info: string;
  readonly text: string;
}

/** A shell in which the packages come from the tarballs. */
interface Shell {
  (folder: string, commands: string, env?: Record<string, string>): Promise<string>;
}

/**
 * Does what the pages say.
 *
 * @param runtimes where it is done
 * @param scratch an existing directory
 * @param postgres a PostgreSQL server; without one its part is left out
 * @returns one check for each way through the pages
 */
export async function checkQuickStart(
  runtimes: readonly Runtime[],
  scratch: string,
  postgres: string | undefined,
): Promise<Check[]> {
  const readme = blocksOf("README.md");
  const page = blocksOf("website/quick-start.md");
  const registry = await serveTarballs();
  const checks: Check[] = [];
  const check = async (title: string, follow: () => Promise<void>): Promise<void> => {
    const problem = await follow().then(() => "", (error) => String(error));
    checks.push({ title, problem });
  };
  try {
    for (const runtime of runtimes) {
      const home = join(scratch, `newcomer-${runtime.kind}`);
      mkdirSync(home);
      writeFileSync(join(home, ".npmrc"), registry.npmrc);
      const shell = shellOf(runtime, home);
      const { name, kind } = runtime;
      await check(
        `the program of README.md, ${name}`,
        () => followReadme(readme, kind, shell, home),
      );
      const folder = join(home, "quick-start");
      await check(`the quick start, ${name}`, () => followQuickStart(page, kind, shell, folder));
      if (postgres !== undefined) {
        await check(
          `the quick start on PostgreSQL, ${name}`,
          () => inDatabase(postgres, (url) => followOnPostgres(page, kind, shell, folder, url)),
        );
      }
      await check(
        `a project from a template, ${name}`,
        () => followInit(readme, kind, shell, home),
      );
    }
  } finally {
    await registry.close();
  }
  return checks;
}

async function followReadme(
  blocks: readonly Block[],
  kind: Runtime["kind"],
  shell: Shell,
  home: string,
): Promise<void> {
  const folder = join(home, "readme");
  mkdirSync(folder);
  const install = find(blocks, ({ text }) => text.includes("npm install kysely")).text
    .split("\n").find((line) => line.startsWith("npm "))!;
  await shell(folder, kind === "bun" ? install.replace("npm install", "bun add") : install);
  const { text } = find(blocks, ({ info, text }) => info === "ts" && text.includes("notes"));
  writeFileSync(join(folder, "main.mts"), text);
  const [, expected] = /console\.log\(.*\/\/ (.+)/.exec(text) ?? [];
  assertPrinted(await shell(folder, `${kind} main.mts`), expected!);
}

async function followQuickStart(
  blocks: readonly Block[],
  kind: Runtime["kind"],
  shell: Shell,
  folder: string,
): Promise<void> {
  mkdirSync(folder);
  await shell(folder, tab(blocks, kind, "add").text);
  writeFileSync(join(folder, "main.ts"), programOf(blocks).join(""));
  assertPrinted(await shell(folder, tab(blocks, kind, "main.ts").text), printed(blocks));
}

/** Goes on in the folder of {@linkcode followQuickStart}. */
async function followOnPostgres(
  blocks: readonly Block[],
  kind: Runtime["kind"],
  shell: Shell,
  folder: string,
  url: string,
): Promise<void> {
  const connect = find(blocks, ({ info }) => info === "ts [PostgreSQL]").text;
  const [, install] = /^\/\/ (npm install .+)/.exec(connect) ?? [];
  await shell(folder, kind === "bun" ? install!.replace("npm install", "bun add") : install!);
  const [, ...rest] = programOf(blocks);
  writeFileSync(join(folder, "main.ts"), [connect, ...rest].join(""));
  const command = tab(blocks, kind, "main.ts").text;
  assertPrinted(await shell(folder, command, { DATABASE_URL: url }), printed(blocks));
}

async function followInit(
  blocks: readonly Block[],
  kind: Runtime["kind"],
  shell: Shell,
  home: string,
): Promise<void> {
  const { text } = find(blocks, ({ text }) => text.startsWith("npx @kysera/cli init"));
  const command = kind === "bun" ? text.replace("npx ", "bunx ") : text.replace("npx ", "npx -y ");
  const answer = await shell(home, command);
  const [, steps] = /What comes next:\n((?: {2}.+\n?)+)/.exec(answer) ?? [];
  if (steps === undefined) throw new Error(`The command does not say what comes next:\n${answer}`);
  await shell(home, steps);
  const [, folder] = /init (\S+)/.exec(text)!;
  if (!existsSync(join(home, folder!, "src/types.ts"))) throw new Error("src/types.ts is missing");
}

/** The blocks that a reader sees, those of comments left out. */
function blocksOf(file: string): Block[] {
  const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/^<!-- \w+\n[\s\S]*?^-->$/gm, "");
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .map(([, info, text]) => ({ info: info!, text: text! }));
}

function find(blocks: readonly Block[], matches: (block: Block) => boolean): Block {
  const found = blocks.find(matches);
  if (found === undefined) throw new Error(`Cannot find the block: ${matches}`);
  return found;
}

function tab(blocks: readonly Block[], kind: Runtime["kind"], word: string): Block {
  const name = word === "add" && kind === "node" ? "npm install" : word;
  return find(blocks, ({ info, text }) => info === `sh [${TABS[kind]}]` && text.includes(name));
}

/** The fragments of the page up to where the program closes its database. */
function programOf(blocks: readonly Block[]): string[] {
  const fragments = blocks.filter(({ info }) => info === "ts ignore").map(({ text }) => text);
  return fragments.slice(0, fragments.findIndex((text) => text.includes("db.destroy()")) + 1);
}

function printed(blocks: readonly Block[]): string {
  return find(blocks, ({ info }) => info === "text").text;
}

/**
 * Compares what a program printed with what a page says, line by line. How a value is spread over
 * lines, and which quotes it has, is the runtime's affair.
 */
function assertPrinted(output: string, expected: string): void {
  const plain = (text: string) =>
    text.replaceAll(/\s+/g, "").replaceAll('"', "'").replace(",]", "]");
  if (plain(output).replaceAll(",]", "]").replaceAll(",}", "}") !== plain(expected)) {
    throw new Error(`The page says\n${expected}and the program printed\n${output}`);
  }
}

/** Settings of npm that say how packages are reached: those hold for a newcomer as well. */
const NETWORK = /^npm_config_(?:registry|cafile|ca|strict_ssl|proxy|https_proxy|noproxy)$/i;

/**
 * A shell with a home of its own, so that nothing is found that a newcomer has not. What runs this may
 * have been started by npx, which tells its settings to the npm that is started here.
 */
function shellOf(runtime: Runtime, home: string): Shell {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || NETWORK.test(name)),
  );
  const cache = process.env["npm_config_cache"] ?? join(process.env["HOME"] ?? home, ".npm");
  // The file that npm fetches for Bun may have another name.
  const bin = join(home, ".bin");
  mkdirSync(bin);
  if (runtime.kind === "bun") {
    for (const name of ["bun", "bunx"]) symlinkSync(runtime.binary, join(bin, name));
  }
  return async (folder, commands, env = {}) => {
    const { code, output } = await run(["sh", "-ec", commands], {
      cwd: folder,
      env: {
        ...own,
        ...env,
        HOME: home,
        npm_config_cache: cache,
        npm_config_update_notifier: "false",
        BUN_INSTALL_CACHE_DIR: join(home, ".bun-cache"),
        PATH: [bin, dirname(runtime.binary), process.env["PATH"]].join(delimiter),
        NO_COLOR: "1",
      },
    });
    if (code !== 0) throw new Error(`${commands.trim()} ended with ${code}:\n${output}`);
    return output;
  };
}

async function inDatabase(
  server: string,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const name = `quick_start_${crypto.randomUUID().slice(0, 8)}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
    try {
      const url = new URL(server);
      url.pathname = `/${name}`;
      await use(url.href);
    } finally {
      await client.query(`drop database ${name} with (force)`);
    }
  } finally {
    await client.end();
  }
}
