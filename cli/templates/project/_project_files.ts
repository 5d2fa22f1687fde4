import { agentsFile } from "./_agents.ts";
import type { ProjectChoice } from "./_choice.ts";
import { traitsOf } from "./_databases.ts";
import { denoJson, packageJson, tsconfigJson } from "./_manifests.ts";
import {
  appFile,
  configFile,
  databaseFile,
  mainFile,
  migrationFile,
  usersFile,
} from "./_sources.ts";
import { appTestFile, testDatabaseFile, usersTestFile } from "./_tests.ts";
import { typesFile } from "./_types.ts";

/** A file of a project. */
export interface ProjectFile {
  readonly path: string;
  /** Whether what is there already is added to; any other file is left as it is. */
  readonly isMerged: boolean;
  /**
   * Returns its text.
   *
   * @param before what is there already
   */
  text(before: string | undefined): string;
}

/** Returns the files of a project, in the order in which they are written. */
export function projectFiles(choice: ProjectChoice): ProjectFile[] {
  const isApi = choice.template === "api";
  const isDeno = choice.runtime === "deno";
  const { testUrl } = traitsOf(choice);
  return [
    isDeno
      ? merged("deno.json", (before) => denoJson(choice, before))
      : merged("package.json", (before) => packageJson(choice, before)),
    ...isDeno ? [] : [file("tsconfig.json", () => tsconfigJson(choice))],
    merged(".gitignore", (before) => ignoreFile(choice, before)),
    // Deno has `--env-file` read it, and warns where there is none.
    file(".env", () => envFile(choice)),
    file("kysera.config.ts", () => configFile(choice)),
    file("migrations/001_create_users.ts", () => migrationFile(choice)),
    file("src/types.ts", () => typesFile(choice)),
    file("src/database.ts", () => databaseFile(choice)),
    file("src/users.ts", usersFile),
    ...isApi ? [file("src/app.ts", appFile), file("src/main.ts", () => mainFile(choice))] : [],
    file("test/_database.ts", () => testDatabaseFile(choice)),
    file("test/users_test.ts", () => usersTestFile(choice)),
    ...isApi ? [file("test/app_test.ts", appTestFile)] : [],
    ...choice.agents === true ? [file("AGENTS.md", () => agentsFile(choice))] : [],
    file("README.md", () => readmeFile(choice, testUrl === undefined)),
  ];
}

function file(path: string, text: () => string): ProjectFile {
  return { path, isMerged: false, text };
}

function merged(path: string, text: (before: string | undefined) => string): ProjectFile {
  return { path, isMerged: true, text };
}

function envFile(choice: ProjectChoice): string {
  return `DATABASE_URL=${traitsOf(choice).url}\n`;
}

/** What must not be committed: passwords, and what is installed or stored. */
function ignoreFile({ database, runtime }: ProjectChoice, before = ""): string {
  const wanted = [
    ".env",
    ...runtime === "deno" ? [] : ["node_modules/"],
    ...database === "sqlite" ? ["*.db", "*.db-*"] : [],
    ...database === "pglite" ? ["data/"] : [],
  ];
  const lines = before.split(/\r?\n/);
  const missing = wanted.filter((line) => !lines.includes(line));
  const start = before === "" || before.endsWith("\n") ? before : `${before}\n`;
  return missing.length === 0 ? before : `${start}${missing.join("\n")}\n`;
}

function readmeFile(choice: ProjectChoice, needsServer: boolean): string {
  const { name, runtime, template } = choice;
  const run = { deno: "deno task", node: "npm run", bun: "bun run" }[runtime];
  const server = needsServer
    ? "\nThe database is the one of `DATABASE_URL` in `.env`. Tests run in transactions that are rolled\n" +
      "back; `TEST_DATABASE_URL` gives them a database of their own.\n"
    : "";
  return `# ${name}

\`\`\`sh
${run} migrate   # apply the migrations
${run} test
${run} types     # write src/types.ts when the schema has changed
${template === "api" ? `${run} start\n` : ""}\`\`\`
${server}`;
}
