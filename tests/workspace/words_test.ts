/**
 * Words of what people read: comments, documentation, messages and titles of tests. Each pattern is
 * one that readers stumbled over, with what to write instead.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { it } from "node:test";
import ts from "typescript";
import { parseSource, sourceFiles } from "../../scripts/source.ts";
import { members, ROOT } from "../../scripts/workspace.ts";

const PATTERNS: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  {
    pattern:
      /(?<!\b[Tt]here )\b(?:is|are) no (?!longer\b|more\b|matter\b|such\b|business\b|second\b|renamed\b|gain\b|time\b|problem\b|obstacle\b|deleted\b|reads?\b|number of any\b)[a-zA-Z]/,
    instead: '"is not a .."',
  },
  { pattern: /\bMakes one[.,]/, instead: "nothing, or what is created" },
  { pattern: /\bbut for\b/, instead: '"except"' },
  { pattern: /\bkeeps? to\b/, instead: '"is subject to", "is enforced on", "respects"' },
  { pattern: /\b(?:becomes?|became) of\b/, instead: '"outcome", "how .. is treated"' },
  { pattern: /\b[Nn]obody said who\b/, instead: '"no security context is bound"' },
  { pattern: /\bin (?:its|their) stead\b/, instead: '"instead of"' },
  {
    pattern: /\b(?:another|any|new) handle\b/,
    instead: '"instance", as the glossary of executor/README.md',
  },
];

it("are those that a native reader would write", async () => {
  const found: string[] = [];
  for (const file of await writtenFiles(ROOT)) {
    const lines = (await readFile(file, "utf8")).split("\n");
    for (const [i, line] of lines.entries()) {
      for (const { pattern, instead } of PATTERNS) {
        if (pattern.test(line)) {
          found.push(`${relative(ROOT, file)}:${i + 1}: write ${instead}: ${line.trim()}`);
        }
      }
    }
  }
  assert.deepEqual(found, []);
});

it("say of an exported function what it does: `Returns`, `Creates`, `Throws`", () => {
  const found = members().flatMap(sourceFiles)
    // A private file is not part of what users read.
    .filter((file) => !/\/_[^/]*$/.test(file))
    .flatMap((file) =>
      parseSource(file).statements.filter(ts.isFunctionDeclaration)
        .filter((node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
        .flatMap((node) => {
          const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
          const text = ts.getTextOfJSDocComment(doc?.comment) ?? "";
          const [sentence = ""] = text.split("\n");
          return sentence === "" || /^[A-Z][a-z]+s\b/.test(sentence)
            ? []
            : [`${relative(ROOT, file)}: ${node.name?.text}(): ${sentence}`];
        })
    );
  assert.deepEqual(found, []);
});

/** Files that hold the words because they look for them. */
const NAMES_THEM: ReadonlySet<string> = new Set([
  "words_test.ts",
  "_check_words.ts",
  "_checks_test.ts",
]);

/** Folders that hold what was built or installed, and not what was written. */
const NOT_WRITTEN = /^(?:node_modules|npm|dist|results|\..*)$/;

async function writtenFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!NOT_WRITTEN.test(entry.name)) found.push(...await writtenFiles(path));
    } else if (/\.(?:ts|md)$/.test(entry.name) && !NAMES_THEM.has(entry.name)) found.push(path);
  }
  return found;
}
