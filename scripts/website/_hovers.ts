/**
 * What the compiler says of the names in samples: readers see it when they point at one.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { type Sample, samplesOf } from "../../tests/workspace/_samples.ts";
import { parseSource } from "../source.ts";
import { members, ROOT } from "../workspace.ts";

/** What is shown for a name. */
export interface Hover {
  /** Where the name begins and ends in the code of its sample. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A sample, and the program that the compiler reads: what comes before it, and the sample. */
interface Program {
  readonly file: string;
  readonly code: string;
  readonly text: string;
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  strict: true,
  noEmit: true,
  types: [],
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  paths: { ...ownPackages(), kysely: [declarationsOf("kysely")] },
};
/** A longer text says less than none. */
const LONGEST = 480;

/**
 * Asks the compiler about the samples of Markdown files.
 *
 * @param files the files, from the root of the repository
 * @returns by the code of a sample, what is shown for its names
 */
export function hoversOf(files: readonly string[]): Record<string, readonly Hover[]> {
  const programs = files.flatMap((file) =>
    programsOf(samplesOf(readFileSync(join(ROOT, file), "utf8")))
  ).map((program, index) => ({ ...program, file: join(ROOT, `sample_${index}.ts`) }));
  const service = serviceFor(programs);
  const hovers: Record<string, readonly Hover[]> = {};
  for (const program of programs) hovers[program.code] = hoversIn(program, service);
  return hovers;
}

function programsOf(samples: readonly Sample[]): Omit<Program, "file">[] {
  let before: Sample[] = [];
  return samples.map((sample) => {
    if (!sample.continues) before = [];
    const text = `${contextOf(before, sample)}\n${sample.code}\n`;
    before = [...before, sample];
    return { code: sample.code, text };
  });
}

/** The code of some samples, without the imports that a later one makes again. */
function contextOf(before: readonly Sample[], next: Sample): string {
  const known = new Set(importsIn(next.code).flatMap(({ names }) => names));
  const texts: string[] = [];
  for (const { code } of before.toReversed()) {
    let text = code;
    for (const { statement, names } of importsIn(code)) {
      if (names.some((name) => known.has(name))) {
        text = text.replace(statement, () => withoutNames(statement, known));
      }
      for (const name of names) known.add(name);
    }
    texts.unshift(text);
  }
  return texts.join("\n");
}

/** The import statements of a piece of code, and the names that each brings. */
function importsIn(code: string): { statement: string; names: string[] }[] {
  const source = parseSource("sample.ts", code);
  return source.statements.filter(ts.isImportDeclaration).map((statement) => {
    const bindings = statement.importClause?.namedBindings;
    const names = bindings === undefined
      ? []
      : ts.isNamedImports(bindings)
      ? bindings.elements.map(({ name }) => name.text)
      : [bindings.name.text];
    if (statement.importClause?.name) names.push(statement.importClause.name.text);
    return { statement: statement.getText(source), names };
  });
}

/** An import statement without some of its names. */
function withoutNames(statement: string, names: ReadonlySet<string>): string {
  const [, head, list, tail] = /^(import[^{]*)\{([^}]*)\}(.*)$/s.exec(statement) ?? [];
  const left = (list ?? "").split(",").map((each) => each.trim())
    .filter((each) => each !== "" && !names.has(each.split(" ").at(-1)!));
  return left.length === 0 ? "" : `${head}{ ${left.join(", ")} }${tail}`;
}

function hoversIn({ file, code, text }: Program, service: ts.LanguageService): Hover[] {
  const source = service.getProgram()!.getSourceFile(file)!;
  const offset = text.length - code.length - 1;
  const hovers: Hover[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.getStart(source) >= offset && isWorthIt(node)) {
      const start = node.getStart(source);
      const said = textOf(service.getQuickInfoAtPosition(file, start));
      if (said !== undefined) {
        hovers.push({ start: start - offset, end: node.end - offset, text: said });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return hovers;
}

/** Variables and functions; what a method of a builder takes is a page long. */
function isWorthIt(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return !ts.isPropertyAssignment(parent) && !ts.isPropertySignature(parent) &&
    !ts.isTypeReferenceNode(parent) && !ts.isInterfaceDeclaration(parent) &&
    !ts.isImportClause(parent) && !ts.isMethodDeclaration(parent);
}

function textOf(info: ts.QuickInfo | undefined): string | undefined {
  const text = ts.displayPartsToString(info?.displayParts)
    .replace(/^\(alias\) /, "").replace(/\nimport .*$/s, "");
  const saysNothing = text.length > LONGEST || /^$|^import |^var console\b|\bany\b/.test(text);
  return saysNothing ? undefined : text;
}

function serviceFor(programs: readonly Program[]): ts.LanguageService {
  const texts = new Map(programs.map(({ file, text }) => [file, text]));
  const read = (file: string) =>
    texts.get(file) ?? (existsSync(file) ? readFileSync(file, "utf8") : undefined);
  const library = declarationsOf("typescript").replace(/[^/]*$/, "");
  return ts.createLanguageService({
    getCompilationSettings: () => OPTIONS,
    getScriptFileNames: () => [...texts.keys()],
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) => {
      const text = read(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: () => join(library, "lib.esnext.d.ts"),
    fileExists: (file) => texts.has(file) || ts.sys.fileExists(file),
    readFile: read,
  });
}

function ownPackages(): Record<string, string[]> {
  return Object.fromEntries(
    members().flatMap(({ name, dir, exports }) =>
      Object.entries(exports).map(([entry, file]) => [join(name, entry), [join(dir, file)]])
    ),
  );
}

/** The declarations of a package of the import map, beside its code. */
function declarationsOf(name: string): string {
  return fileURLToPath(import.meta.resolve(name)).replace(/\.js$/, ".d.ts");
}
