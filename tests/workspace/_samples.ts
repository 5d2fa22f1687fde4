/**
 * Reads the samples of a Markdown file.
 *
 * | in the file                              | is                                                   |
 * | ---------------------------------------- | ---------------------------------------------------- |
 * | a block of `ts`                          | a whole program, which `deno test --doc` runs        |
 * | a block of `ts ignore`                   | a fragment; the comment in front says what it needs  |
 * | `<!-- continues -->`                     | the fragment goes on from the sample before it       |
 * | `<!-- setup`, a block of `ts`, `-->`     | code that readers do not see, before the first sample |
 * | `<!-- check`, a block of `ts`, `-->`     | code that readers do not see, after a sample         |
 * | `<!-- types only: why -->`               | the fragment is checked, but not run; also after `continues, ` |
 *
 * `deno test --doc` passes over `ts ignore` and over what stands in comments; the fragments are run by
 * `samples_test.ts`. Each fragment has a scope of its own inside the one before, so that it may import
 * and name anew what that one did.
 *
 * @module
 */
import ts from "typescript";
import { parseSource } from "../../scripts/source.ts";

/** A piece of a program. */
export interface Sample {
  /** The first line of its code in the file, from 1. */
  readonly line: number;
  readonly code: string;
  /** Whether it is a program of its own, which `deno test --doc` runs. */
  readonly whole: boolean;
  readonly continues: boolean;
  readonly typesOnly: boolean;
}

/**
 * Finds the samples of a Markdown text.
 *
 * @param text The text.
 * @returns The samples, hidden ones included, in their order.
 * @throws {Error} Where nothing says how a fragment is to be run.
 */
export function samplesOf(text: string): Sample[] {
  const samples: Sample[] = [];
  let hidden: string | undefined;
  let fence: { info: string; line: number; code: string[] } | undefined;
  /** The comment right before, as long as nothing but empty lines follows it. */
  let comment = "";
  text.split("\n").forEach((line, index) => {
    if (fence !== undefined) {
      if (line !== "```") fence.code.push(line);
      else {
        const sample = sampleOf(fence, hidden ?? comment);
        if (sample !== undefined) samples.push(sample);
        fence = undefined;
        comment = "";
      }
    } else if (line.startsWith("```")) {
      fence = { info: line.slice(3), line: index + 2, code: [] };
    } else if (hidden !== undefined) {
      if (line !== "-->") return;
      comment = hidden === "setup" ? "continues" : "";
      hidden = undefined;
    } else if (/^<!--\s*(setup|check)$/.test(line)) {
      hidden = line.replace(/^<!--\s*/, "");
    } else if (line !== "") {
      comment = /^<!--\s*(.*?)\s*-->$/.exec(line)?.[1] ?? "";
    }
  });
  return samples;
}

function sampleOf(
  { info, line, code }: { readonly info: string; readonly line: number; readonly code: string[] },
  comment: string,
): Sample | undefined {
  const [language, ...words] = info.split(" ");
  if (language !== "ts" && language !== "typescript") return undefined;
  const sample = { line, code: code.join("\n"), whole: false, continues: false, typesOnly: false };
  if (comment === "setup") return sample;
  if (comment === "check") return { ...sample, continues: true };
  if (!words.includes("ignore")) return { ...sample, whole: true };
  const [said, continues, typesOnly] = /^(continues)?(?:, )?(types only: \S.*)?$/.exec(comment) ??
    [];
  if (!said) {
    throw new Error(
      `Cannot run the sample at line ${line}: it is marked "ignore", so a comment in front of it ` +
        `must say "continues" or "types only: why"`,
    );
  }
  return { ...sample, continues: continues !== undefined, typesOnly: typesOnly !== undefined };
}

/** A test file made of samples that build on each other. */
export interface Program {
  /** The line of its first fragment. */
  readonly line: number;
  readonly text: string;
}

/**
 * Makes test files of the fragments of a Markdown file. A line of code has the number that it has in
 * the Markdown.
 *
 * @param name What the tests are called by: the path of the file.
 * @param samples All samples of the file.
 * @returns A program for every chain of samples that has a fragment in it.
 */
export function programsOf(name: string, samples: readonly Sample[]): Program[] {
  const chains: Sample[][] = [];
  for (const sample of samples) {
    const chain = chains.at(-1);
    if (!sample.continues) chains.push([sample]);
    else if (chain === undefined) {
      throw new Error(`${name}: nothing comes before line ${sample.line}`);
    } else chain.push(sample);
  }
  return chains.filter((chain) => chain.some(({ whole }) => !whole)).map((chain) => {
    const { line } = chain.find(({ whole }) => !whole)!;
    return { line, text: programOf(`${name}, line ${line}`, chain) };
  });
}

function programOf(title: string, chain: readonly Sample[]): string {
  const imports = new Set([`import { test } from "node:test"`]);
  const lines: string[] = [];
  for (const { line, code } of chain) {
    const { body, hoisted } = withoutImports(code);
    for (const each of hoisted) imports.add(each);
    while (lines.length < line - 1) lines.push("");
    lines[line - 2] += " {";
    lines.push(...body.split("\n"));
  }
  const run = chain.some(({ typesOnly }) => typesOnly) ? "test.skip" : "test";
  const head = `${[...imports].join("; ")}; ${run}(${JSON.stringify(title)}, async () => {`;
  lines[0] = head + lines[0]!;
  return `${lines.join("\n")}\n${"}".repeat(chain.length)}});\n`;
}

/** Takes the imports out of a piece of code, name by name; its lines keep their numbers. */
function withoutImports(code: string): { body: string; hoisted: string[] } {
  const source = parseSource("sample.ts", code);
  const hoisted: string[] = [];
  let body = code;
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const text = statement.getText(source);
    body = body.replace(text, "\n".repeat(text.split("\n").length - 1));
    hoisted.push(...singleImports(statement, source));
  }
  return { body, hoisted };
}

/** `import a, { type B, c as d } from "m"` as imports of one name each. */
function singleImports(statement: ts.ImportDeclaration, source: ts.SourceFile): string[] {
  const from = statement.moduleSpecifier.getText(source);
  const clause = statement.importClause;
  if (clause === undefined) return [`import ${from}`];
  const type = clause.isTypeOnly ? "type " : "";
  const bindings = clause.namedBindings;
  const names = clause.name === undefined ? [] : [clause.name.text];
  if (bindings !== undefined && ts.isNamedImports(bindings)) {
    names.push(...bindings.elements.map((element) => `{ ${element.getText(source)} }`));
  } else if (bindings !== undefined) names.push(bindings.getText(source));
  return names.map((name) => `import ${type}${name} from ${from}`);
}
