import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { findRuntime } from "../../scripts/npm/runtime.ts";
import { mustRun, run } from "../../scripts/run.ts";
import { ROOT } from "../../scripts/workspace.ts";

/** The programs that are compared. */
export type ToolName = "kysely-ctl" | "kysely-codegen" | "kysera";

/** The packages that the programs are installed with. */
export const VERSIONS: Readonly<Record<string, string>> = {
  "@libsql/kysely-libsql": "0.4.1",
  "@types/node": "^24",
  "@types/pg": "^8.23.1",
  "kysely": "0.29.9",
  "kysely-codegen": "0.20.0",
  "kysely-ctl": "0.21.0",
  "mysql2": "3.24.6",
  "pg": "8.23.1",
  // kysely-codegen needs it at run time, and does not say so.
  "typescript": "6.0.3",
};

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** The programs, installed in a folder that is a project of each of them. */
export interface Tools {
  readonly folder: string;
  /** Runs one of them in the folder. */
  run(tool: ToolName, args: readonly string[]): Promise<Ended>;
}

/** Installs the programs as a user would. */
export async function installTools(folder: string): Promise<Tools> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: VERSIONS }),
  );
  await mustRun(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder });
  const node = await findRuntime("node", "24");
  const bin = (path: string): string => join(folder, "node_modules", path);
  const commands: Readonly<Record<ToolName, readonly string[]>> = {
    "kysely-ctl": [node.binary, bin("kysely-ctl/dist/bin.mjs"), "--no-outdated-check"],
    "kysely-codegen": [node.binary, bin("kysely-codegen/dist/cli/bin.js")],
    "kysera": [
      ...[process.execPath, "run", "--allow-all", "--no-check"],
      ...["--config", join(ROOT, "deno.json"), join(ROOT, "cli/bin.ts")],
    ],
  };
  return {
    folder,
    run: async (tool, args) => {
      const { code, output } = await run([...commands[tool], ...args], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: "1", CI: "1" },
      });
      return { code, output };
    },
  };
}
