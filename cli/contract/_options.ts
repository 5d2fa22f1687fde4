import { usageError } from "./_cli_error.ts";

/** One option of a command. */
export interface Option<T> {
  /** As the help shows it: `-t, --to <migration>`. */
  readonly flags: string;
  readonly description: string;
  /** What it is without the flag; shown by the help. */
  readonly default?: T | undefined;
  /** The values that it can have. */
  readonly choices?: readonly string[] | undefined;
  /** Whether it can be given several values. */
  readonly isList?: boolean | undefined;
  /** Of a list: whether a comma is a part of a value, and does not divide two. */
  readonly isWhole?: boolean | undefined;
  /** Whether it is the other spelling of an option, left out of the help. */
  readonly isHidden?: boolean | undefined;
  /** Reads a value; throws if it cannot have it. */
  readonly parse?: ((text: string) => T) | undefined;
}

/** The options of a command by the names that its code knows them by. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of options. */
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

/** More about an option. */
interface OptionDetails<T> {
  readonly default?: T;
  readonly choices?: readonly string[];
  readonly isHidden?: boolean;
}

/** An option that is given or not. */
export function flag(flags: string, description: string, isHidden = false): Option<boolean> {
  // `--no-x` is about an option that is on.
  return { flags, description, default: /(^|\s)--no-/.test(flags), isHidden };
}

/** An option with a text. */
export function text(
  flags: string,
  description: string,
  details: OptionDetails<string> & { readonly default: string },
): Option<string>;
export function text(
  flags: string,
  description: string,
  details?: OptionDetails<string>,
): Option<string | undefined>;
export function text(
  flags: string,
  description: string,
  details: OptionDetails<string> = {},
): Option<string | undefined> {
  return { flags, description, ...details };
}

/** An option with several texts: given more than once, or divided by commas. */
export function list(flags: string, description: string): Option<readonly string[]> {
  return { flags, description, isList: true, default: [] };
}

/** An option with several texts that may have commas in them: given more than once. */
export function texts(flags: string, description: string): Option<readonly string[]> {
  return { ...list(flags, description), isWhole: true };
}

/** An option with a whole number. */
export function integer(
  flags: string,
  description: string,
  details: OptionDetails<number> & { readonly least?: number; readonly default: number },
): Option<number>;
export function integer(
  flags: string,
  description: string,
  details?: OptionDetails<number> & { readonly least?: number },
): Option<number | undefined>;
export function integer(
  flags: string,
  description: string,
  { least = 0, ...details }: OptionDetails<number> & { readonly least?: number } = {},
): Option<number | undefined> {
  return {
    flags,
    description,
    ...details,
    parse: (value) => {
      const number = /^-?\d{1,15}$/.test(value) ? Number(value) : NaN;
      if (number >= least) return number;
      throw usageError(
        `${longFlag(flags)} has to be a whole number from ${least} on, not "${value}"`,
      );
    },
  };
}

/** The long spelling of an option: `--to` of `-t, --to <migration>`. */
export function longFlag(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/** The short spelling of an option, where it has one. */
export function shortFlag(flags: string): string | undefined {
  return /^-[A-Za-z]/.exec(flags)?.[0];
}

/** The name that the code knows an option by: `dryRun` of `--dry-run`, `ts` of `--no-ts`. */
export function optionName(flags: string): string {
  return longFlag(flags).replace(/^--(?:no-)?/, "").replace(
    /-(\w)/g,
    (_, letter) => letter.toUpperCase(),
  );
}
