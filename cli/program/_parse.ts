import { Command as Parser, CommanderError, Option as ParserOption } from "commander";
import type { Command, CommandEntry, CommandGroup, CommandTree, GroupEntry } from "./_command.ts";
import { usageError } from "../contract/_cli_error.ts";
import { flag, type Option, optionName, type Options, shortFlag } from "../contract/_options.ts";
import { SHARED_OPTIONS, type SharedValues } from "./_shared_options.ts";

/** What the command line asks for. */
export type Parsed =
  | { readonly kind: "help"; readonly text: string; readonly isAnswer: boolean }
  | {
    readonly kind: "run";
    /** The name with that of its group: `migrate up`. */
    readonly name: string;
    readonly command: Command;
    readonly args: readonly string[];
    readonly options: Readonly<Record<string, unknown>>;
    readonly shared: SharedValues;
  };

/** The program alone has it; there `-v` is not `--verbose`. */
const VERSION_OPTION = flag("-v, --version", "print the version");

/** How the help of the program begins. */
export interface ProgramText {
  readonly version: string;
  readonly description: string;
  readonly footer: string;
}

/**
 * Reads the command line. Only the command that is meant is loaded; of the others the names are.
 *
 * @throws {CliError} if there is an option or command that does not exist
 */
export async function parseCommandLine(
  args: readonly string[],
  tree: CommandTree,
  text: ProgramText,
  columns: number | undefined,
): Promise<Parsed> {
  // `kysera help migrate up` is `kysera migrate up --help`.
  const line = args[0] === "help" ? [...args.slice(1), "--help"] : [...args];
  const path = pathOf(line);
  /** The part of it that exists. */
  const known: string[] = [];
  let found: Parsed | undefined;
  const written = { help: "", errors: "" };
  const program = styled(new Parser("kysera"));
  program.description(text.description).version(
    text.version,
    VERSION_OPTION.flags,
    VERSION_OPTION.description,
  )
    .addHelpText("after", `\n${text.footer}`).enablePositionalOptions();
  addOptions(program, SHARED_OPTIONS, { version: VERSION_OPTION });
  for (const [name, entry] of Object.entries(tree)) {
    const isMeant = isNamed(name, entry, path[0]);
    if (isMeant) known.push(name);
    const isHidden = "isHidden" in entry && entry.isHidden === true;
    const parser = styled(program.command(name, { hidden: isHidden })).summary(entry.summary);
    addNames(parser, entry);
    if ("loadGroup" in entry) await addGroup(parser, name, entry, isMeant);
    else await addCommand(parser, name, entry, isMeant);
  }
  try {
    await program.parseAsync(line, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.version" || error.code === "commander.helpDisplayed") {
      return { kind: "help", text: written.help, isAnswer: true };
    }
    if (error.code === "commander.help") {
      return { kind: "help", text: written.errors, isAnswer: false };
    }
    throw usageError(sentence(error.message), {
      hint: `See \`${["kysera", ...known].join(" ")} --help\`.`,
    });
  }
  if (found === undefined) throw usageError("Nothing is to be done");
  return found;

  function styled(parser: Parser): Parser {
    return parser.exitOverride().helpCommand(false).configureOutput({
      writeOut: (chunk) => void (written.help += chunk),
      writeErr: (chunk) => void (written.errors += chunk),
      getOutHelpWidth: () => columns ?? 80,
      getErrHelpWidth: () => columns ?? 80,
    }).configureHelp({ sortSubcommands: false }).helpOption("-h, --help", "show this help");
  }

  async function addGroup(
    parser: Parser,
    name: string,
    entry: GroupEntry,
    isMeant: boolean,
  ): Promise<void> {
    parser.description(entry.summary);
    if (!isMeant) return;
    const { group }: { group: CommandGroup } = await entry.loadGroup();
    for (const [childName, child] of Object.entries(group)) {
      const childParser = styled(parser.command(childName)).summary(child.summary);
      addNames(childParser, child);
      const isChildMeant = isNamed(childName, child, path[1]);
      if (isChildMeant) known.push(childName);
      await addCommand(childParser, `${name} ${childName}`, child, isChildMeant);
    }
    const [first] = Object.keys(group);
    parser.addHelpText("after", `\nExamples of each: kysera ${name} ${first} --help`);
  }

  async function addCommand(
    parser: Parser,
    name: string,
    entry: CommandEntry,
    isMeant: boolean,
  ): Promise<void> {
    parser.description(entry.summary);
    // Whatever stands behind the name of another command does not belong to it.
    if (!isMeant) return;
    const { command } = await entry.load();
    parser.description(
      command.description === undefined
        ? `${entry.summary}.`
        : `${entry.summary}.\n\n${command.description}`,
    );
    for (const { name, description, isOptional, isVariadic } of command.arguments) {
      const word = isVariadic ? `${name}...` : name;
      parser.argument(isOptional ? `[${word}]` : `<${word}>`, description);
    }
    addOptions(parser, command.options, {});
    addOptions(parser, SHARED_OPTIONS, command.options);
    parser.addHelpText("after", `\nExamples:\n${examplesOf(command)}`);
    parser.action(() => {
      const all = valuesOf(parser);
      found = {
        kind: "run",
        name,
        command,
        args: parser.args,
        options: pick(all, command.options),
        // A flag of a command goes before the one of the same name that all commands have.
        shared: pick({ ...program.opts(), ...all }, SHARED_OPTIONS) as SharedValues,
      };
    });
  }
}

/** The first two words of the command line that are neither options nor values of them. */
function pathOf(args: readonly string[]): string[] {
  const takesValue = Object.values(SHARED_OPTIONS).filter(({ flags }) => flags.includes("<"))
    .flatMap(({ flags }) => flags.split(/[ ,]+/).filter((word) => word.startsWith("-")));
  const path: string[] = [];
  for (let i = 0; i < args.length && path.length < 2; i++) {
    const word = args[i]!;
    if (word === "--") break;
    if (!word.startsWith("-")) path.push(word);
    else if (takesValue.includes(word)) i++;
  }
  return path;
}

function isNamed(name: string, { aliases = [] }: CommandEntry | GroupEntry, word = ""): boolean {
  return name === word || aliases.includes(word);
}

function addNames(parser: Parser, { aliases }: CommandEntry | GroupEntry): void {
  if (aliases !== undefined) parser.aliases([...aliases]);
}

/** Adds options; a short spelling that another option has is left to it. */
function addOptions(parser: Parser, options: Options, others: Options): void {
  const taken = Object.values(others).map(({ flags }) => shortFlag(flags));
  for (const [name, option] of Object.entries(options)) {
    if (Object.hasOwn(others, name)) continue;
    const short = shortFlag(option.flags);
    const flags = short !== undefined && taken.includes(short)
      ? option.flags.replace(/^-\w,\s*/, "")
      : option.flags;
    parser.addOption(parserOption(flags, option));
    // What is on may be said, too: `--with-validation`.
    if (flags.startsWith("--no-")) {
      parser.addOption(new ParserOption(flags.replace("--no-", "--")).hideHelp());
    }
  }
}

function parserOption(flags: string, option: Option<unknown>): ParserOption {
  const made = new ParserOption(flags, option.description);
  const { choices, parse, isList } = option;
  if (choices !== undefined) made.choices(choices);
  else if (parse !== undefined) made.argParser((value: string) => parse(value));
  else if (isList) {
    made.argParser((value: string, before: readonly string[] = []) => [
      ...before,
      ...value.split(",").map((each) => each.trim()).filter((each) => each !== ""),
    ]);
  }
  // A default that a list adds to must not be shown as one; `--no-x` has its own.
  if (option.default !== undefined && option.default !== false && !isList && !made.negate) {
    made.default(option.default);
  }
  if (option.isHidden) made.hideHelp();
  return made;
}

/** The values that were given, by their names. */
function valuesOf(parser: Parser): Record<string, unknown> {
  const values = parser.opts();
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => parser.getOptionValueSource(name) !== "default"),
  );
}

/** The values of options, with their defaults. */
function pick(values: Record<string, unknown>, options: Options): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      values[optionName(option.flags)] ?? option.default,
    ]),
  );
}

function examplesOf({ examples }: Command): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`).join("\n");
}

/** An error of the parser as a sentence: what it suggests stands on a line of its own. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, "").replace(
    /\s*\n\s*\(?(Did you mean[^)]*)\)?$/,
    " ($1)",
  )
    .replaceAll("'", '"').replace("(Did", "(did");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
