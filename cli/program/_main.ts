import type { CommandTree } from "./_command.ts";
import { openContext } from "./_open_context.ts";
import { CliError } from "../contract/_cli_error.ts";
import { ExitCodes } from "../contract/_exit_codes.ts";
import type { Host } from "../contract/_host.ts";
import { parseCommandLine, type Parsed, type ProgramText } from "./_parse.ts";
import { VERSION } from "../contract/_version.ts";

const TEXT: ProgramText = {
  version: VERSION,
  description: "Migrations, schemas and databases of a Kysely project.",
  footer: `Exit codes: 0 done, 1 failed, 2 wrong usage, 3 findings, 4 refused, 5 locked, 6 stopped
halfway, 130 interrupted.`,
};

/**
 * Runs the program.
 *
 * @param host the process
 * @param tree its commands
 * @returns what the process is to exit with
 */
export async function main(host: Host, tree: CommandTree): Promise<number> {
  try {
    return await run(host, tree);
  } finally {
    // What is written to a pipe may be under way.
    await Promise.all([host.stdout.write(""), host.stderr.write("")]);
  }
}

async function run(host: Host, tree: CommandTree): Promise<number> {
  let parsed: Parsed;
  try {
    parsed = await parseCommandLine(host.args, tree, TEXT, host.stdout.columns);
  } catch (error) {
    // What a wrong command line wants can only be guessed.
    return await tell(host, error, {
      isJson: host.args.includes("--json"),
      isVerbose: false,
      warnings: [],
    });
  }
  if (parsed.kind === "help") {
    await (parsed.isAnswer ? host.stdout : host.stderr).write(parsed.text);
    return parsed.isAnswer ? ExitCodes.OK : ExitCodes.USAGE;
  }
  const { command, args, options } = parsed;
  const shared = { ...parsed.shared, env: environmentOf(parsed) };
  const opened = openContext(host, shared, tree);
  const { context, warnings } = opened;
  try {
    const result = await opened.run(() => command.run({ context, args, options }));
    const exitCode = result.exitCode ?? ExitCodes.OK;
    if (shared.json) {
      await host.stdout.write(`${toJson({ ok: true, data: result.data, warnings })}\n`);
    } else if (result.text !== undefined && result.text !== "") {
      await host.stdout.write(result.text.endsWith("\n") ? result.text : `${result.text}\n`);
    }
    return exitCode;
  } catch (error) {
    return await tell(host, error, {
      isJson: shared.json,
      isVerbose: shared.verbose,
      warnings,
    });
  }
}

/** The environment that is asked for, or else that of the command. */
function environmentOf(
  { command, options, shared }: Extract<Parsed, { kind: "run" }>,
): string | undefined {
  const { environment } = options as { readonly environment?: string | undefined };
  return shared.env ?? environment ?? command.environment;
}

/** How a failure is told. */
interface Telling {
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  readonly warnings: readonly string[];
}

/** Tells of a failure; returns what the process is to exit with. */
async function tell(
  host: Host,
  error: unknown,
  { isJson, isVerbose, warnings }: Telling,
): Promise<number> {
  const { code, message, hint, exitCode } = await reported(error);
  if (isJson) {
    const answer = {
      ok: false,
      error: { code, message, ...hint === undefined ? {} : { hint } },
      warnings,
    };
    await host.stdout.write(`${toJson(answer)}\n`);
  } else {
    await host.stderr.write(`${message}\n${hint === undefined ? "" : `${hint}\n`}`);
  }
  if (isVerbose) await host.stderr.write(`${stackOf(error)}\n`);
  return exitCode;
}

async function reported(
  error: unknown,
): Promise<Pick<CliError, "code" | "message" | "hint" | "exitCode">> {
  // What explains the errors of databases is loaded when there is one.
  if (error instanceof CliError) return error;
  const { reportOf } = await import("./_report.ts");
  return reportOf(error);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\nCaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

/** JSON of what a database may hold: large integers as text, bytes as base64. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return String(each);
    if (each instanceof Uint8Array) return btoa(String.fromCharCode(...each));
    return each;
  }, 2);
}
