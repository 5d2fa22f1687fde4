import { spawn } from "node:child_process";

/**
 * Runs a program whose output goes to the standard error.
 *
 * @returns what it exits with
 * @throws {Error} if it cannot be run
 */
export function runProgram(
  name: string,
  args: readonly string[],
  cwd: string,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // The standard output of this process is for data.
    const child = spawn(name, args, { cwd, stdio: ["ignore", 2, 2] });
    child.on("error", reject);
    child.on("close", resolve);
  });
}
