import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { HostStream } from "../contract/_host.ts";
import { TREE } from "../commands/_tree.ts";
import { main } from "../program/_main.ts";

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a process gets beside its arguments. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Called with what it has said so far, on the standard error. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** The same for the standard output. */
  readonly onStdout?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A folder in which the program runs as in a project. */
export interface Project {
  readonly folder: string;
  /** Runs `kysera` with arguments, in a process of its own. */
  kysera(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /**
   * Runs it in a process of its own on SQLite, and in this one on other databases: what a process
   * adds does not depend on the database, and takes ten times as long.
   */
  on(dialect: { readonly name: string }): Project["kysera"];
  /**
   * Runs it with `--json` in this process, which takes a tenth of the time; returns what it answers.
   */
  json(args: readonly string[], options?: RunOptions): Promise<Answer>;
  /** Writes a file of the project. */
  write(path: string, text: string): Promise<void>;
  /** Reads a file of the project. */
  read(path: string): Promise<string>;
  /** Removes a file of the project. */
  removeFile(path: string): Promise<void>;
  /** Removes it. */
  remove(): void;
}

/** What the program answers with `--json`. */
export interface Answer {
  readonly code: number | null;
  readonly ok: boolean;
  // What it holds depends on the command.
  readonly data: any;
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
  readonly warnings: readonly string[];
}

const isDeno = "deno" in process.versions;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The command that runs the program: of the sources on Deno, of the package elsewhere. */
export function commandLine(): readonly string[] {
  if (isDeno) {
    const config = ["--config", join(ROOT, "deno.json")];
    return [process.execPath, "run", "--allow-all", "--no-check", ...config, "cli/bin.ts"]
      .map((word) => word === "cli/bin.ts" ? join(ROOT, word) : word);
  }
  const manifest = createRequire(import.meta.url).resolve("@kysera/cli/package.json");
  return [process.execPath, join(dirname(manifest), "bin.js")];
}

/** Creates a project: an empty folder, with the packages of this one. */
export function createProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), "kysera-cli-"));
  const modules = join(ROOT, "node_modules");
  if (!isDeno && existsSync(modules)) symlinkSync(modules, join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  const project: Project = {
    folder,
    kysera: (args, options) => run([...commandLine(), ...args], folder, options),
    on: ({ name }) =>
      name === "sqlite" ? project.kysera : (args, options) => runHere(args, folder, options),
    async json(args, options) {
      const { code, stdout, stderr } = await runHere([...args, "--json"], folder, options);
      try {
        return { code, ...JSON.parse(stdout) };
      } catch {
        throw new Error(`It printed no JSON:\n${stdout}\n${stderr}`);
      }
    },
    async write(path, text) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    read: (path) => readFile(join(folder, path), "utf8"),
    removeFile: (path) => rm(join(folder, path)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return project;
}

/** Runs a test with a project, and removes it. */
export async function withProject(test: (project: Project) => Promise<void>): Promise<void> {
  const project = createProject();
  try {
    await test(project);
  } finally {
    project.remove();
  }
}

/** Runs the program in this process. */
async function runHere(
  args: readonly string[],
  cwd: string,
  { env = {}, input = "" }: RunOptions = {},
): Promise<Ended> {
  const out = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof out): HostStream => ({
    isTTY: false,
    columns: undefined,
    write: (text) => {
      out[name] += text;
      return Promise.resolve();
    },
  });
  const code = await main({
    args,
    cwd,
    pid: process.pid,
    env: { ...cleanEnvironment(), ...env },
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    isInteractive: false,
    onInterrupt: () => () => {},
    readInput: () => Promise.resolve(input),
  }, TREE);
  return { code, ...out };
}

/** Runs a command in a folder, in a pipe, with no variables that change what it says. */
export async function run(
  [command, ...args]: readonly string[],
  cwd: string,
  { env = {}, input, onStderr, onStdout }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(command!, args, {
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...cleanEnvironment(), ...env },
  });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    out.stdout += String(chunk);
    onStdout?.(out.stdout, (signal) => void child.kill(signal));
  });
  child.stderr.on("data", (chunk) => {
    out.stderr += String(chunk);
    onStderr?.(out.stderr, (signal) => void child.kill(signal));
  });
  // A program that reads no input may be gone before it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    // A process that exits with 130 after a signal counts as ended by the signal on Deno.
    child.on(
      "close",
      (code, signal) => resolve({ code: signal === "SIGINT" ? 130 : code, ...out }),
    );
  });
}

/** What the processes of a test need to find programs, caches and certificates; nothing else. */
function cleanEnvironment(): Record<string, string> {
  const kept = /^(?:PATH|HOME|TMPDIR|XDG_CACHE_HOME|DENO_\w+|\w*_CERTS?|SSL_CERT_\w+)$/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && kept.test(name) ? [[name, value]] : []
    ),
  );
}
