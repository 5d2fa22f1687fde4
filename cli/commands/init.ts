import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import process from "node:process";
import { packageManager } from "../connect/_import_driver.ts";
import { failure, usageError } from "../contract/_cli_error.ts";
import { type Command, defineCommand } from "../program/_command.ts";
import type { Context } from "../program/_context.ts";
import { flag, list, text } from "../contract/_options.ts";
import {
  DATABASES,
  PLUGINS,
  type ProjectChoice,
  RUNTIMES,
  TEMPLATES,
} from "../templates/project/_choice.ts";
import { OLDEST_NODE } from "../templates/project/_manifests.ts";
import { projectFiles } from "../templates/project/_project_files.ts";
import { writeProject } from "../templates/project/_write_project.ts";
import { runProgram } from "../files/_run_program.ts";

/** `kysera init`. */
export const command: Command = defineCommand({
  description:
    "In a folder that has a project already it adds what is missing: no file is overwritten, and in\n" +
    "manifests nothing is changed. What is not said is asked for in a terminal.",
  arguments: [{
    name: "project-name",
    description: "the folder; the current one if it is left out",
    isOptional: true,
  }],
  options: {
    template: text("-t, --template <template>", "what it begins as", { choices: TEMPLATES }),
    database: text("-d, --database <database>", "what it stores its data in", {
      choices: DATABASES,
    }),
    plugins: list("-p, --plugins <names>", `of ${PLUGINS.join(", ")}; both by default`),
    runtime: text("--runtime <runtime>", "what it runs on; by default what this program does", {
      choices: RUNTIMES,
    }),
    packageManager: text("--package-manager <name>", "what installs it", {
      choices: ["npm", "pnpm", "yarn", "bun", "deno"],
    }),
    agents: flag("--agents", "write AGENTS.md, which tells assistants how to work on it"),
    git: flag("--no-git", "begin no repository"),
    install: flag("--no-install", "install nothing"),
  },
  examples: [
    ["kysera init shop", "begin a project in the folder shop"],
    ["kysera init shop -t api -d postgres", "begin an API on PostgreSQL"],
    ["kysera init --no-install", "add to the project in this folder"],
  ],
  async run({ context, args: [folder = "."], options }) {
    const root = resolve(context.host.cwd, folder);
    const plugins = pluginsOf(options.plugins);
    const choice: ProjectChoice = {
      name: nameOf(root),
      runtime: (options.runtime ?? currentRuntime(context.host.env)) as ProjectChoice["runtime"],
      ...await completed(context, options),
      plugins,
      agents: options.agents,
    };
    const oldNode = choice.runtime === "node" ? tooOldNode() : undefined;
    if (oldNode !== undefined) {
      context.warn(`The project needs Node ${OLDEST_NODE}: this is Node ${oldNode}.`);
    }
    const { written, added, kept } = await writeProject(root, projectFiles(choice));
    for (const path of written) context.say(`Wrote ${path}`);
    for (const path of added) context.say(`Added to ${path}`);
    for (const path of kept) context.say(`Kept ${path}, which was there`);
    const manager = options.packageManager ??
      (choice.runtime === "node" ? managerOf(root) : choice.runtime);
    if (options.git && !isInRepository(root)) await beginRepository(context, root);
    if (options.install) await install(context, root, manager);
    const run = manager === "deno" ? "deno task" : `${manager} run`;
    const steps = [
      ...folder === "." ? [] : [`cd ${quoted(relative(context.host.cwd, root))}`],
      ...options.install ? [] : [`${manager} install`],
      `${run} migrate`,
      `${run} test`,
    ];
    return {
      data: { folder: root, ...choice, written, added, kept, steps },
      text: `What comes next:\n${steps.map((step) => `  ${step}`).join("\n")}`,
    };
  },
});

/** What is not said is asked for, where somebody can be asked. */
async function completed(
  context: Context,
  options: { readonly template: string | undefined; readonly database: string | undefined },
): Promise<Pick<ProjectChoice, "template" | "database">> {
  const { template, database } = options;
  const canAsk = context.host.isInteractive && !context.shared.json;
  const ask = async (message: string, choices: readonly string[]): Promise<string> => {
    if (!canAsk) return choices[0]!;
    const { askForOne } = await import("../terminal/_prompts.ts");
    return await askForOne(message, choices);
  };
  return {
    // The parser allows no others.
    template:
      (template ?? await ask("What does it begin as?", TEMPLATES)) as ProjectChoice["template"],
    database:
      (database ?? await ask("What does it store its data in?", DATABASES)) as ProjectChoice[
        "database"
      ],
  };
}

/** A path as a shell reads it. */
function quoted(path: string): string {
  return /^[\w./\\:-]+$/.test(path) ? path : `"${path}"`;
}

function pluginsOf(names: readonly string[]): ProjectChoice["plugins"] {
  const unknown = names.find((name) => name !== "none" && !PLUGINS.some((each) => each === name));
  if (unknown !== undefined) {
    throw usageError(`A project cannot begin with the plugin "${unknown}"`, {
      hint: `Name some of ${PLUGINS.join(", ")}, or none.`,
    });
  }
  return PLUGINS.filter((each) => names.length === 0 || names.includes(each));
}

function nameOf(root: string): string {
  const name = basename(root).toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[._-]+/, "");
  return name === "" ? "app" : name;
}

/** What this program runs on; `bunx` may run it on Node, and says so in a variable. */
function currentRuntime(env: Context["host"]["env"]): string {
  if ("deno" in process.versions) return "deno";
  const isBun = "bun" in process.versions || env["npm_config_user_agent"]?.startsWith("bun/");
  return isBun ? "bun" : "node";
}

/** Returns the version of this Node, where a project cannot run on it: it reads TypeScript itself. */
function tooOldNode(): string | undefined {
  if ("deno" in process.versions || "bun" in process.versions) return undefined;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split(".").map(Number);
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return isOld ? process.versions.node : undefined;
}

/** What installs a project for Node, whatever this program runs on. */
function managerOf(root: string): string {
  const manager = packageManager(root);
  return manager === "deno" || manager === "bun" ? "npm" : manager;
}

function isInRepository(folder: string): boolean {
  const above = join(folder, "..");
  return existsSync(join(folder, ".git")) || (above !== folder && isInRepository(above));
}

/** A project works without a repository as well. */
async function beginRepository(context: Context, root: string): Promise<void> {
  const code = await runProgram("git", ["init", "--quiet"], root).catch(() => undefined);
  if (code !== 0) context.warn("No repository was begun: git cannot be run.");
}

async function install(context: Context, root: string, manager: string): Promise<void> {
  context.say(`Running ${manager} install`);
  const code = await runProgram(manager, ["install"], root).catch((cause) => {
    throw failure(`The project is written, but ${manager} cannot be run`, {
      cause,
      hint: "Name another one with --package-manager, or install it by hand.",
    });
  });
  if (code === 0) return;
  throw failure(`The project is written, but \`${manager} install\` failed`, {
    hint: `Mend what it says above, and run it again in ${root}.`,
  });
}
