import { looksLikeProduction } from "../connect/_target.ts";
import { refusal } from "../contract/_cli_error.ts";
import type { Context } from "./_context.ts";
import { flag, type Option, text } from "../contract/_options.ts";
import { isAgent } from "../terminal/_is_agent.ts";

/** The options of commands that destroy data. */
export const CONFIRM_OPTIONS: {
  readonly yes: Option<boolean>;
  readonly force: Option<boolean>;
  readonly confirm: Option<string | undefined>;
} = {
  yes: flag("-y, --yes", "do not ask"),
  force: flag("--force", "the same as --yes"),
  confirm: text("--confirm <database>", "the name of the database, where nobody can be asked"),
};

/** The values of the options that confirm. */
export interface Confirmation {
  readonly yes: boolean;
  readonly force: boolean;
  readonly confirm: string | undefined;
}

/** What is to be confirmed. */
export interface Destruction {
  /** What is lost: `This deletes every table`. */
  readonly what: string;
  /** Whether it has to be confirmed only where the database looks like one of production. */
  readonly isHarmless?: boolean | undefined;
}

/**
 * Returns when somebody has confirmed that data may be destroyed: with `--yes` in a terminal, and
 * with `--yes --confirm <database>` where there is none, where a program types, or where the database
 * looks like one of production. Otherwise whoever sits at the terminal is asked.
 *
 * @throws {CliError} if it is not confirmed
 */
export async function confirmDestruction(
  context: Context,
  given: Confirmation,
  { what, isHarmless = false }: Destruction,
): Promise<void> {
  // Commands that ask nothing need not load what knows databases.
  const { namedTarget } = await import("./_named_target.ts");
  const target = await namedTarget(context);
  const { environment } = await context.settings();
  const isProduction = looksLikeProduction(target, environment);
  if (isHarmless && !isProduction) return;
  if (given.confirm !== undefined && given.confirm !== target.name) {
    throw refusal(`--confirm names "${given.confirm}", and the database is "${target.name}"`);
  }
  const isYes = given.yes || given.force;
  const isConfirmed = given.confirm !== undefined;
  const { host } = context;
  const canAsk = host.isInteractive && !isAgent(host.env) && !context.shared.json;
  if (isYes && (isConfirmed || (canAsk && !isProduction))) return;
  const where = isProduction ? `${target.label}, which looks like production` : target.label;
  if (!canAsk) {
    throw refusal(`${what} in ${where}, and nobody can be asked`, {
      hint: `Add \`--yes --confirm ${target.name}\` if that is meant.`,
    });
  }
  const { askForName, askYesNo } = await import("../terminal/_prompts.ts");
  const isMeant = isProduction
    ? isConfirmed ? await askYesNo(`${what} in ${where}. Go on?`) : await askForName(
      `${what} in ${where}. Type the name of the database to go on:`,
      target.name,
    )
    : await askYesNo(`${what} in ${where}. Go on?`);
  if (!isMeant) throw refusal("Nothing was done: it was not confirmed");
}
