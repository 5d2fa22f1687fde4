import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { refusal, usageError } from "../contract/_cli_error.ts";
import type { Context } from "../program/_context.ts";
import { PluginList } from "./_plugin_list.ts";
import { childOf, nodesOf, parseFile } from "./_source.ts";

/** A file that creates an executor. */
export interface ExecutorFile {
  readonly path: string;
  /** Its path as people are shown it. */
  readonly shown: string;
  readonly text: string;
  readonly list: PluginList;
}

const CODE = /\.[cm]?[jt]s$/;
const LEFT_OUT = /^(?:\.|node_modules$|dist$|build$|npm$|coverage$|tests?$)/;

/** How many files are looked at, at most. */
const MOST = 2000;

/**
 * Finds the file that creates the executor: the one that is named, the configuration, a module that it
 * imports, or the only one of the project.
 *
 * @throws {CliError} if there is none, or more than one
 */
export async function findExecutorFile(
  context: Context,
  named: string | undefined,
): Promise<ExecutorFile> {
  const { file, root } = await context.settings();
  const open = (path: string): ExecutorFile | undefined => {
    const text = readFileSync(path, "utf8");
    const shown = relative(context.host.cwd, path);
    // Most files do not have the word, and need not be parsed.
    const list = text.includes("createExecutor") ? PluginList.find(text, shown) : undefined;
    return list === undefined ? undefined : { path, shown, text, list };
  };
  if (named !== undefined) {
    const path = resolve(context.host.cwd, named);
    if (!existsSync(path)) throw usageError(`There is no file "${named}"`);
    const found = open(path);
    if (found !== undefined) return found;
    throw usageError(`"${named}" creates no executor`);
  }
  const near = file === undefined || !CODE.test(file) ? [] : [file, ...importsOf(file)];
  for (const path of near) {
    const found = open(path);
    if (found !== undefined) return found;
  }
  const paths = codeFiles(root).filter((path) =>
    !near.includes(path) && readFileSync(path, "utf8").includes("createExecutor")
  );
  if (paths.length > 1) {
    throw usageError(
      `Several files create an executor: ${
        paths.map((path) => relative(context.host.cwd, path)).join(", ")
      }`,
      { hint: "Name the one that is meant with --file." },
    );
  }
  const found = paths[0] === undefined ? undefined : open(paths[0]);
  if (found !== undefined) return found;
  throw refusal("No file of the project creates an executor", {
    hint: "Create it where the database is opened: createExecutor(db, [softDeletePlugin()]).",
  });
}

/** The files of the project that a file imports. */
function importsOf(file: string): string[] {
  const program = parseFile(readFileSync(file, "utf8"), file);
  return [...nodesOf(program)].flatMap((node) => {
    if (node.type !== "ImportDeclaration" && node.type !== "ImportExpression") return [];
    const source = String(childOf(node, "source")?.["value"] ?? "");
    if (!/^\.\.?\//.test(source)) return [];
    const path = resolve(dirname(file), source);
    // Types are stripped of a file that is named as what it becomes.
    const candidates = [path, path.replace(/\.([cm]?)js$/, ".$1ts"), `${path}.ts`, `${path}.js`];
    const found = candidates.find((each) => CODE.test(each) && existsSync(each));
    return found === undefined ? [] : [found];
  });
}

function codeFiles(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      if (found.length >= MOST) return;
      if (LEFT_OUT.test(name)) continue;
      const path = join(folder, name);
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) visit(path);
      else if (CODE.test(name) && !/[._]test\.[cm]?[jt]s$/.test(name)) found.push(path);
    }
  };
  visit(root);
  return found;
}
