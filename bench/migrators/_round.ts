import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { MigratorResult, MigratorTask } from "./_task.ts";

const PROCESS = fileURLToPath(new URL("./_process.ts", import.meta.url));
/** After how long a process counts as one that hangs, in milliseconds. */
export const PATIENCE = 20_000;
/** How long a process needs to load, in milliseconds. */
const LOADING = 1_500;

/** How a round ended. */
export interface Round {
  /** Whether the body of a migration ran more than once. */
  readonly ranTwice: boolean;
  /** Whether a process reported a failure. */
  readonly failed: boolean;
  /** Whether a process did not come to an end. */
  readonly hung: boolean;
  /** Whether a lock was held when all processes had ended. */
  readonly leftLock: boolean;
  /** Whether the next run, alone, failed or did not come to an end. */
  readonly nextFailed: boolean;
  /** What was reported. */
  readonly errors: readonly string[];
}

/**
 * Has processes migrate one database at once, and then one more alone.
 *
 * @param task what they do
 * @param processes how many there are
 * @param locks counts the locks that are held when they have ended
 */
export async function runRound(
  task: Omit<MigratorTask, "counter" | "startAt">,
  processes: number,
  locks: () => Promise<number>,
): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), "kysera-migrators-"));
  try {
    const counter = join(folder, "counter");
    const startAt = Date.now() + LOADING;
    const ended = await Promise.all(
      Array.from({ length: processes }, () => run({ ...task, counter, startAt })),
    );
    const ranTwice = hasTwice(counter);
    const leftLock = await locks() > 0;
    const next = await run({ ...task, dies: false, counter: join(folder, "next"), startAt: 0 });
    return {
      ranTwice,
      // Whoever was killed reports nothing.
      failed: !task.dies && ended.some((each) => each !== "hung" && each.error !== undefined),
      hung: ended.includes("hung"),
      leftLock,
      nextFailed: next === "hung" || next.error !== undefined,
      errors: [...ended, next].flatMap((each) =>
        each === "hung" ? ["hung"] : each.error === undefined ? [] : [each.error]
      ),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hasTwice(counter: string): boolean {
  if (!existsSync(counter)) return false;
  const lines = readFileSync(counter, "utf8").trim().split("\n");
  return new Set(lines).size < lines.length;
}

async function run(task: MigratorTask): Promise<MigratorResult | "hung"> {
  const flags = ["run", "--allow-all", "--no-check"];
  const child = spawn(process.execPath, [...flags, PROCESS, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, errors] = [[], []] as [string[], string[]];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  child.stderr.on("data", (chunk) => errors.push(String(chunk)));
  let isHung = false;
  const timer = setTimeout(() => {
    isHung = true;
    child.kill("SIGKILL");
  }, PATIENCE);
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (_, signal) => {
      clearTimeout(timer);
      const text = out.join("").trim();
      if (isHung) resolve("hung");
      else if (text !== "") resolve(JSON.parse(text));
      else if (task.dies && signal === "SIGKILL") resolve({ error: undefined });
      else reject(new Error(`A process has ended without a result: ${errors.join("")}`));
    });
  });
}
