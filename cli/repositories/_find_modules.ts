import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { usageError } from "../contract/_cli_error.ts";
import { matcherOf } from "../files/_matcher.ts";

const CODE = /\.[cm]?[jt]sx?$/;
const NO_MODULE = /\.d\.[cm]?ts$|[._](?:test|spec)\.[cm]?[jt]sx?$/;
const NOT_ENTERED = /^(?:\.|node_modules$)/;

/**
 * Returns the files of a folder that import `@kysera/repository`, in the order of their names: others
 * are not loaded, as they may do something when they are.
 *
 * @param pattern which of them; `*` stands for any letters
 */
export function findModules(folder: string, pattern: string | undefined): string[] {
  if (!existsSync(folder)) {
    throw usageError(`Cannot look for repositories: there is no folder "${folder}"`, {
      hint: "Name another one with --directory.",
    });
  }
  const isMeant = matcherOf(pattern, undefined);
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && CODE.test(entry.name) && !NO_MODULE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const parts = relative(folder, path).split(sep);
      return !parts.some((part) => NOT_ENTERED.test(part)) && isMeant(`/${parts.join("/")}`);
    })
    .filter((path) => readFileSync(path, "utf8").includes("@kysera/repository"))
    .sort();
}
