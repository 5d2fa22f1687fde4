import { assertKnownOptions, BadRequestError } from "@kysera/core";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** How a folder of migrations is read. */
export interface FolderOptions {
  /**
   * Loads a module, by the URL of its file. Default: `import()`, which needs a runtime that reads
   * TypeScript where the files are that (Deno, Bun, Node from 22.18 on).
   */
  readonly load?: ((url: string) => Promise<unknown>) | undefined;
  /**
   * Whether `kysera.lock` is checked: `true` if there is one, `"required"` always, `false` never.
   * Default: `true`.
   */
  readonly lock?: boolean | "required" | undefined;
  /**
   * What placeholders like `${schema}` stand for in the scripts of a folder of Flyway; `false` if it has
   * none. The values become a part of the SQL as they are. Default: a script with one is refused.
   */
  readonly placeholders?: Readonly<Record<string, string>> | false | undefined;
}

/** Asserts that the options of a folder are right. */
export function assertFolderOptions(
  options: FolderOptions,
  others: readonly string[] = [],
): void {
  assertKnownOptions(options, ["load", "lock", "placeholders", ...others], {
    action: "read migrations",
  });
  if (![undefined, true, false, "required"].includes(options.lock)) {
    throw new BadRequestError(
      'Cannot read migrations: the option "lock" has to be true, false or "required"',
    );
  }
  const { placeholders = false } = options;
  const isMap = typeof placeholders === "object" && placeholders !== null &&
    Object.values(placeholders).every((value) => typeof value === "string");
  if (placeholders !== false && !isMap) {
    throw new BadRequestError(
      'Cannot read migrations: the option "placeholders" has to be an object of texts, or false',
    );
  }
}

/** Returns the path of a folder. */
export function pathOf(folder: string | URL): string {
  return typeof folder === "string" ? resolve(folder) : fileURLToPath(folder);
}
