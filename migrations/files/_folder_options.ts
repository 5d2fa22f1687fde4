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
}

/** Asserts that the options of a folder are right. */
export function assertFolderOptions(
  options: FolderOptions,
  others: readonly string[] = [],
): void {
  assertKnownOptions(options, ["load", "lock", ...others], { action: "read migrations" });
  if (![undefined, true, false, "required"].includes(options.lock)) {
    throw new BadRequestError(
      'Cannot read migrations: the option "lock" has to be true, false or "required"',
    );
  }
}

/** Returns the path of a folder. */
export function pathOf(folder: string | URL): string {
  return typeof folder === "string" ? resolve(folder) : fileURLToPath(folder);
}
