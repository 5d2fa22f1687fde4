import { VERSION } from "../../contract/_version.ts";
import type { Dependency, ProjectChoice } from "./_choice.ts";
import { traitsOf } from "./_databases.ts";

/** The oldest Node that runs the files of a project: the first to read TypeScript by itself. */
export const OLDEST_NODE = "22.18";

/** What manifests are told of a project. */
export interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: readonly Dependency[];
}

/** Returns what the manifest of a project has to have. */
export function manifestOf(choice: ProjectChoice): Manifest {
  const { runtime, template, plugins } = choice;
  const ours = (name: string, isDev = false): Dependency => ({
    name: `@kysera/${name}`,
    version: `^${VERSION}`,
    isOnJsr: true,
    isDev,
  });
  const isApi = template === "api";
  return {
    scripts: scriptsOf(choice),
    dependencies: [
      ours("cli", true),
      ...isApi ? [ours("core")] : [],
      ours("dialects"),
      ours("executor"),
      ours("migrations", true),
      ours("repository"),
      ...plugins.map((plugin) => ours(plugin)),
      ours("testing", true),
      { name: "kysely", version: "^0.29.9" },
      { name: "zod", version: "^4.6.7" },
      ...isApi ? [{ name: "hono", version: "^4.0.0" }] : [],
      ...isApi && runtime === "node" ? [{ name: "@hono/node-server", version: "^1.0.0" }] : [],
      ...traitsOf(choice).dependencies,
      ...runtime === "node" ? [{ name: "@types/node", version: "^22.0.0", isDev: true }] : [],
      ...runtime === "bun" ? [{ name: "@types/bun", version: "^1.3.0", isDev: true }] : [],
      ...runtime === "deno" ? [] : [{ name: "typescript", version: "^6.0.3", isDev: true }],
    ],
  };
}

function scriptsOf({ runtime, template }: ProjectChoice): Record<string, string> {
  const kysera = {
    deno: "deno run -A jsr:@kysera/cli",
    node: "kysera",
    // Without --bun it would run on a Node that is installed as well, which has no bun:sqlite.
    bun: "bunx --bun kysera",
  }[runtime];
  const run = {
    deno: "deno run -A --env-file",
    node: "node --env-file-if-exists=.env",
    bun: "bun run",
  }[runtime];
  const test = {
    deno: "deno test -A --env-file",
    // Node reads a folder of tests by a pattern alone.
    node: 'node --env-file-if-exists=.env --test "test/**/*_test.ts"',
    // PGlite and a server far away take longer to begin than the five seconds of Bun.
    bun: "bun test --timeout 30000",
  }[runtime];
  return {
    ...template === "api" ? { start: `${run} src/main.ts` } : {},
    migrate: `${kysera} migrate up`,
    types: `${kysera} generate types --output src/types.ts`,
    test,
    ...runtime === "deno" ? {} : { check: "tsc" },
  };
}

/**
 * Adds what a project has to have to its `package.json`; what is there stays.
 *
 * @param text what is in the file, where there is one
 */
export function packageJson(choice: ProjectChoice, text: string | undefined): string {
  const { scripts, dependencies } = manifestOf(choice);
  const before: Record<string, unknown> = text === undefined
    ? {
      name: choice.name,
      version: "0.1.0",
      private: true,
      type: "module",
      ...choice.runtime === "node" ? { engines: { node: `>=${OLDEST_NODE}` } } : {},
    }
    : JSON.parse(text);
  const versions = (isDev: boolean) =>
    Object.fromEntries(
      dependencies.filter((each) => (each.isDev ?? false) === isDev)
        .filter(({ name }) =>
          !has(before["dependencies"], name) && !has(before["devDependencies"], name)
        )
        .map(({ name, version }) => [name, version]),
    );
  return json({
    ...before,
    scripts: { ...scripts, ...before["scripts"] as object | undefined },
    dependencies: sorted({ ...before["dependencies"] as object | undefined, ...versions(false) }),
    devDependencies: sorted({
      ...before["devDependencies"] as object | undefined,
      ...versions(true),
    }),
  });
}

/**
 * Adds what a project has to have to its `deno.json`; what is there stays.
 *
 * @param text what is in the file, where there is one
 */
export function denoJson(choice: ProjectChoice, text: string | undefined): string {
  const { scripts, dependencies } = manifestOf(choice);
  const before: Record<string, unknown> = text === undefined ? {} : JSON.parse(text);
  const imports = dependencies
    // Deno finds the types of a package by itself, except for those that have none.
    .map(({ name, version, isOnJsr }) => [
      name,
      `${isOnJsr ? "jsr" : "npm"}:${name}@${version}`,
    ]);
  return json({
    ...before,
    tasks: { ...scripts, ...before["tasks"] as object | undefined },
    imports: sorted({
      ...Object.fromEntries(imports),
      ...before["imports"] as object | undefined,
    }),
  });
}

/** `tsconfig.json` */
export function tsconfigJson({ runtime }: ProjectChoice): string {
  return json({
    compilerOptions: {
      target: "es2023",
      lib: ["es2023", "dom", "dom.asynciterable"],
      types: [runtime],
      module: "nodenext",
      strict: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      noEmit: true,
    },
    include: ["kysera.config.ts", "migrations", "src", "test"],
  });
}

function has(list: unknown, name: string): boolean {
  return typeof list === "object" && list !== null && Object.hasOwn(list, name);
}

function sorted(object: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
