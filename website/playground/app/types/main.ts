/** The worker that knows the types of the program in the editor. */
import ts from "typescript";
import url from "virtual:types";
import type { Files } from "../protocol.ts";
import type { TypesAnswer, TypesNote, TypesQuestion, TypesRequest } from "./protocol.ts";

const NAMES: readonly (keyof Files)[] = ["schema", "plugins", "query"];
const MOST_COMPLETIONS = 1_000;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  noImplicitAny: false,
  types: [],
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  paths: {
    "kysely": ["/kysely/index.d.ts"],
    "kysely/helpers/*": ["/kysely/helpers/*.d.ts"],
    "@kysera/audit": ["/kysera/plugins/audit/mod.ts"],
    "@kysera/rls": ["/kysera/plugins/rls/mod.ts"],
    "@kysera/soft-delete": ["/kysera/plugins/soft-delete/mod.ts"],
    "@kysera/timestamps": ["/kysera/plugins/timestamps/mod.ts"],
    "@kysera/*": ["/kysera/*/mod.ts"],
  },
};

/** The files in the editor, and how often each was changed. */
const own = new Map<string, { text: string; version: number }>();
const service = start();

self.addEventListener("message", async ({ data }: MessageEvent<TypesRequest>) => {
  const { id, files, question } = data;
  const answer = { id, notes: [], completions: [], error: undefined };
  try {
    const languageService = await service;
    take(files);
    post({ ...answer, ...answerOf(languageService, question) });
  } catch (error) {
    post({ ...answer, error: error instanceof Error ? error.message : String(error) });
  }
});

function post(answer: TypesAnswer): void {
  self.postMessage(answer);
}

function take(files: Files): void {
  for (const name of NAMES) {
    const path = `/${name}.ts`;
    const known = own.get(path);
    if (known?.text === files[name]) continue;
    own.set(path, { text: files[name], version: (known?.version ?? 0) + 1 });
  }
}

async function start(): Promise<ts.LanguageService> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the types cannot be loaded (${response.status})`);
  const given = new Map(Object.entries(await response.json() as Record<string, string>));
  const folders = new Set<string>();
  for (const path of given.keys()) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      folders.add(path.slice(0, at));
    }
  }
  const textOf = (path: string) => own.get(path)?.text ?? given.get(path);
  return ts.createLanguageService({
    getCompilationSettings: () => OPTIONS,
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => "/lib/lib.es2023.d.ts",
    getScriptFileNames: () => ["/globals.d.ts", ...own.keys()],
    getScriptVersion: (path) => String(own.get(path)?.version ?? 0),
    getScriptSnapshot: (path) => {
      const text = textOf(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    fileExists: (path) => textOf(path) !== undefined,
    readFile: textOf,
    directoryExists: (path) => path === "/" || folders.has(path),
    getDirectories: () => [],
  });
}

function answerOf(
  languageService: ts.LanguageService,
  question: TypesQuestion,
): Partial<TypesAnswer> {
  const path = `/${question.file}.ts`;
  switch (question.kind) {
    case "errors":
      return { notes: errorsOf(languageService, path) };
    case "hover":
      return { notes: hoverOf(languageService, path, question.at) };
    case "completions": {
      const found = languageService.getCompletionsAtPosition(path, question.at, {
        includeCompletionsForModuleExports: false,
      });
      const entries = found?.entries ?? [];
      return {
        completions: entries.slice(0, MOST_COMPLETIONS).map(({ name, kind, sortText }) => ({
          label: name,
          type: kind,
          order: sortText,
        })),
      };
    }
  }
}

function errorsOf(languageService: ts.LanguageService, path: string): readonly TypesNote[] {
  const found = [
    ...languageService.getSyntacticDiagnostics(path),
    ...languageService.getSemanticDiagnostics(path),
  ];
  return found.map(({ start = 0, length = 0, messageText }) => ({
    from: start,
    to: start + length,
    text: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
}

function hoverOf(
  languageService: ts.LanguageService,
  path: string,
  at: number,
): readonly TypesNote[] {
  const info = languageService.getQuickInfoAtPosition(path, at);
  if (info === undefined) return [];
  const { start, length } = info.textSpan;
  const says = ts.displayPartsToString(info.documentation).split("\n\n")[0]!;
  const text = [ts.displayPartsToString(info.displayParts), says].filter((each) => each !== "");
  return [{ from: start, to: start + length, text: text.join("\n\n") }];
}
