import { transform } from "sucrase";
import type { LoadProgram } from "../../runtime/run/program.ts";
import { programOf } from "../../runtime/run/program.ts";
import type { Files } from "../protocol.ts";
import { libraries } from "./libraries.ts";

type Exports = Record<string, unknown>;
type Evaluate = (exports: Exports, require: (name: string) => unknown, console: unknown) => unknown;

/** Syntax that cannot be read. */
export class SourceError extends Error {
  override readonly name = "SyntaxError";
  readonly file: keyof Files;

  /**
   * @param file the file
   * @param cause what the compiler threw
   */
  constructor(file: keyof Files, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    // The compiler gives up where a function begins: the editor knows better where the error is.
    const what = text.replace(/^Error transforming [^:]*: /, "").replace(/\s*\(\d+:\d+\)$/, "");
    super(`${file}.ts: ${what}`, { cause });
    this.file = file;
  }
}

/**
 * Strips the types of the files, and returns a function that evaluates them.
 *
 * @param files the TypeScript of the editor
 * @param consoleOf returns the console of each evaluation
 * @throws {SourceError} if a file has an error of syntax
 */
export function compileProgram(files: Files, consoleOf: () => unknown): LoadProgram {
  const evaluate = {
    schema: compileModule("schema", files.schema),
    plugins: compileModule("plugins", files.plugins),
    query: compileModule("query", files.query),
  };
  return async () => {
    const own = new Map<string, Exports>();
    const console = consoleOf();
    const require = (name: string): unknown => {
      const found = own.get(name) ?? libraries[name];
      if (found !== undefined) return found;
      const there = [...Object.keys(libraries), ...own.keys()].join(", ");
      throw new Error(`Cannot import "${name}": the playground has ${there}`);
    };
    const load = async (file: keyof Files): Promise<Exports> => {
      const exports: Exports = {};
      await evaluate[file](exports, require, console);
      own.set(`./${file}.ts`, exports);
      return exports;
    };
    return programOf(await load("schema"), await load("plugins"), await load("query"));
  };
}

// There is no name for the constructor of asynchronous functions, which a module with `await` is.
const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Evaluate;

function compileModule(file: keyof Files, source: string): Evaluate {
  try {
    const { code } = transform(source, {
      transforms: ["typescript", "imports"],
      disableESTransforms: true,
      production: true,
      filePath: `${file}.ts`,
    });
    return new AsyncFunction("exports", "require", "console", `${code}\n//# sourceURL=${file}.ts`);
  } catch (error) {
    throw new SourceError(file, error);
  }
}
