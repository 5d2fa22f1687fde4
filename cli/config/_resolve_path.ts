import * as host from "node:path";
import { usageError } from "../contract/_cli_error.ts";

/** What is used of `node:path`: that of the system, or that of another one in tests. */
type Paths = Pick<typeof host, "sep" | "resolve">;

/**
 * Returns the absolute path that a configuration means. One that was written on Windows, with `\\`
 * between its parts, means the same elsewhere.
 *
 * @throws {CliError} if the path has a drive, and the system has none
 */
export function resolvePath(root: string, path: string, paths: Paths = host): string {
  if (paths.sep === "\\") return paths.resolve(root, path);
  if (/^[A-Za-z]:[\\/]/.test(path)) {
    throw usageError(`"${path}" is a path of Windows`, {
      hint: "Write it from the folder of the configuration on, with `/` between its parts.",
    });
  }
  return paths.resolve(root, path.replaceAll("\\", "/"));
}
