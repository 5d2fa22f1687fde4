import { flag, type Option, type OptionValues, text } from "../contract/_options.ts";

/** The options of every command. */
export const SHARED_OPTIONS: {
  readonly config: Option<string | undefined>;
  readonly env: Option<string | undefined>;
  readonly url: Option<string | undefined>;
  readonly json: Option<boolean>;
  readonly verbose: Option<boolean>;
  readonly quiet: Option<boolean>;
  readonly color: Option<boolean>;
} = {
  config: text("-c, --config <path>", "read this configuration file"),
  env: text("--env <environment>", "use this environment of the configuration"),
  url: text("--url <url>", "work on the database of this connection URL"),
  json: flag("--json", "print one JSON object"),
  verbose: flag("-v, --verbose", "show statements, and the stacks of errors"),
  quiet: flag("-q, --quiet", "say nothing but results and errors"),
  color: flag("--no-color", "print no colors"),
};

/** The values of the options of every command. */
export type SharedValues = OptionValues<typeof SHARED_OPTIONS>;
