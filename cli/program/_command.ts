import type { Context } from "./_context.ts";
import type { ExitCode } from "../contract/_exit_codes.ts";
import type { Options, OptionValues } from "../contract/_options.ts";

/** What a command has to say. */
export interface CommandResult {
  /** What `--json` prints. */
  readonly data: unknown;
  /** What is printed to the standard output otherwise; nothing if it is absent. */
  readonly text?: string | undefined;
  /** What the process exits with. Default: 0. */
  readonly exitCode?: ExitCode | undefined;
}

/** One argument of a command, in its place. */
export interface Argument {
  /** As the help shows it. */
  readonly name: string;
  readonly description: string;
  readonly isOptional?: boolean | undefined;
  /** Whether it is all that is left. */
  readonly isVariadic?: boolean | undefined;
}

/** One use of a command, for the help. */
export type Example = readonly [line: string, what: string];

/** A command, whatever its options. */
export interface Command {
  readonly arguments: readonly Argument[];
  readonly options: Options;
  /** The environment that it works on, unless another one is asked for. */
  readonly environment?: string | undefined;
  /** More than the summary says, for the help. */
  readonly description?: string | undefined;
  readonly examples: readonly Example[];
  /** Runs the command. */
  run(input: CommandInput<Options>): Promise<CommandResult>;
}

/** What a command runs with. */
export interface CommandInput<O extends Options> {
  readonly context: Context;
  /** The arguments in their order; those that are optional and were not given are absent. */
  readonly args: readonly string[];
  readonly options: OptionValues<O>;
}

/** A command with the types of its options. */
export interface CommandDefinition<O extends Options> {
  readonly arguments?: readonly Argument[];
  readonly options: O;
  readonly environment?: string;
  readonly description?: string;
  readonly examples: readonly Example[];
  readonly run: (input: CommandInput<O>) => Promise<CommandResult>;
}

/** Declares a command: what its file exports as `command`. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): Command {
  return {
    arguments: [],
    ...definition,
    // The program parses the values by these very options.
    run: (input) => definition.run(input as CommandInput<O>),
  };
}

/** A command of which only the name is loaded. */
export interface CommandEntry {
  /** What it does, in a line of the help. */
  readonly summary: string;
  readonly aliases?: readonly string[] | undefined;
  /** Whether programs call it, and no help shows it. */
  readonly isHidden?: boolean | undefined;
  load(): Promise<{ readonly command: Command }>;
}

/** A group of commands, of which only the name is loaded. */
export interface GroupEntry {
  /** What its commands are about. */
  readonly summary: string;
  readonly aliases?: readonly string[] | undefined;
  loadGroup(): Promise<{ readonly group: CommandGroup }>;
}

/** The commands of a group by their names. */
export type CommandGroup = Readonly<Record<string, CommandEntry>>;

/** The commands and groups of the program by their names. */
export type CommandTree = Readonly<Record<string, CommandEntry | GroupEntry>>;
