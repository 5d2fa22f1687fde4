/**
 * What can be said about the tarballs without running them: whether every resolver finds everything
 * in them, and whether their types hold in a strict project.
 *
 * @module
 */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, run } from "../run.ts";
import { entryNames, ROOT } from "../workspace.ts";
import { NEXT_KYSELY, type NpmProject, TARBALLS } from "./project.ts";

/** One thing that was checked. */
export interface Check {
  readonly title: string;
  /** What is wrong; empty when nothing is. */
  readonly problem: string;
}

const LINTERS = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];
/** The compiler of most projects, and npm's latest. */
const COMPILERS = ["6.0.3", "7.0.2"];
/** The oldest that is supported, and the last before 6: for users' programs, not for declarations. */
const OLDER_COMPILERS = ["5.4.5", "5.9.3"];
/** Programs of users, in `tests/npm`. */
const PROGRAMS = ["consumer.ts", "drivers.ts"];

/** The two ways to resolve modules, each with the types of one world: a server, an edge runtime. */
const RESOLUTIONS = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2023"], types: ["node"] },
  bundler: {
    module: "preserve",
    moduleResolution: "bundler",
    lib: ["es2023", "dom", "dom.asynciterable"],
    types: [],
  },
};

/**
 * Runs `publint --strict` and `attw --profile esm-only` over every tarball.
 *
 * @returns One check for each tarball and tool.
 */
export async function checkTarballs(): Promise<Check[]> {
  const [publint, attw] = await commandsOf(LINTERS, ["publint", "attw"]);
  const checks: Check[] = [];
  for (const tarball of readdirSync(TARBALLS)) {
    const file = join(TARBALLS, tarball);
    for (
      const [title, command] of [
        [`publint --strict ${tarball}`, [publint!, "--strict", file]],
        [`attw --profile esm-only ${tarball}`, [attw!, "--profile", "esm-only", file]],
      ] as const
    ) {
      const { code, output } = await run(command);
      checks.push({ title, problem: code === 0 ? "" : output });
    }
  }
  return checks;
}

/**
 * Checks the types of everything the packages export, declarations of dependencies included, in the
 * strictest project there can be.
 *
 * @param project Where the packages are installed.
 * @returns One check for each compiler and way to resolve modules.
 */
export async function checkTypes(project: NpmProject): Promise<Check[]> {
  const dir = join(project.dir, "consumer");
  mkdirSync(dir);
  writeFileSync(join(dir, "every_entry.ts"), everyEntry());
  copyFileSync(join(ROOT, "tests", "npm", "consumer.ts"), join(dir, "consumer.ts"));
  const checks: Check[] = [];
  for (const version of COMPILERS) {
    const [tsc] = await commandsOf([`typescript@${version}`], ["tsc"]);
    for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
      const config = join(dir, `tsconfig.${name}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions: compilerOptions(resolution) }));
      const { code, output } = await run([tsc!, "-p", config], { cwd: dir });
      checks.push({
        title: `typescript ${version}, ${name}, kysely ${project.kysely}`,
        problem: code === 0 ? "" : output,
      });
    }
  }
  return checks;
}

/**
 * Checks the programs of `tests/npm` with every compiler, and with the next version of Kysely: that
 * each driver fits its dialect is one of them. What drivers declare is not checked.
 *
 * @param project Where the packages are installed.
 * @returns One check for each compiler and version of Kysely.
 */
export async function checkPrograms(project: NpmProject): Promise<Check[]> {
  const dir = join(project.dir, "programs");
  mkdirSync(dir);
  for (const name of PROGRAMS) copyFileSync(join(ROOT, "tests", "npm", name), join(dir, name));
  const next = join(project.dir, "node_modules", "kysely-next", "dist", "index.d.ts");
  const checks: Check[] = [];
  for (const version of [...OLDER_COMPILERS, ...COMPILERS]) {
    const [tsc] = await commandsOf([`typescript@${version}`], ["tsc"]);
    for (const kysely of [project.kysely, NEXT_KYSELY]) {
      const { declaration: _, emitDeclarationOnly: __, outDir: ___, ...strict } = compilerOptions({
        ...RESOLUTIONS.nodenext,
        types: ["node", "bun-types"],
      });
      const options = {
        ...strict,
        skipLibCheck: true,
        noEmit: true,
        ...kysely === NEXT_KYSELY ? { paths: { kysely: [next] } } : {},
      };
      const config = join(dir, `tsconfig.${version}.${kysely}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions: options }));
      const { code, output } = await run([tsc!, "-p", config], { cwd: dir });
      checks.push({
        title: `typescript ${version}, programs, kysely ${kysely}`,
        problem: code === 0 ? "" : output,
      });
    }
  }
  return checks;
}

function compilerOptions(resolution: object): Record<string, unknown> {
  return {
    ...resolution,
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: false,
    skipLibCheck: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: "declarations",
    rootDir: ".",
  };
}

/** A module that loads the declarations of every entry of every package. */
function everyEntry(): string {
  return entryNames()
    .map((name, index) => `import * as e${index} from "${name}";\nexport { e${index} };\n`)
    .join("");
}

/** Has npm fetch packages; returns the commands that they bring. */
async function commandsOf(packages: string[], commands: string[]): Promise<string[]> {
  const script = commands.map((command) => `command -v ${command}`).join(" && ");
  const options = packages.flatMap((name) => ["-p", name]);
  const output = await mustRun(["npx", "-y", ...options, "-c", script]);
  return commands.map((command) => {
    const line = output.split("\n").find((line) => line.endsWith(`/${command}`));
    if (!line) throw new Error(`Cannot find the command "${command}" in ${packages.join(", ")}`);
    return line;
  });
}
