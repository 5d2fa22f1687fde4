import { flag, list, type Option, text } from "../../contract/_options.ts";
import type { ScalarOptions } from "../../types/_scalars.ts";

/** The options that say how the driver, and Kysely's plugins, have values and names. */
export const TYPE_OPTIONS: {
  readonly camelCase: Option<boolean>;
  readonly dateParser: Option<string>;
  readonly numericParser: Option<string>;
  readonly filled: Option<readonly string[]>;
} = {
  camelCase: flag("--camel-case", "write names as CamelCasePlugin has them"),
  dateParser: text("--date-parser <type>", "what the driver makes of dates and times", {
    choices: ["timestamp", "string"],
    default: "timestamp",
  }),
  numericParser: text("--numeric-parser <type>", "what the driver makes of numeric", {
    choices: ["string", "number", "number-or-string"],
    default: "string",
  }),
  filled: list("--filled <columns>", "columns that plugins fill in: rows need not be given them"),
};

/** Returns what the options say of the driver. */
export function scalarOptions(
  values: { readonly dateParser: string; readonly numericParser: string },
  kind: string,
): ScalarOptions {
  return {
    // The parser allows no others.
    dateParser: values.dateParser as ScalarOptions["dateParser"],
    numericParser: values.numericParser as ScalarOptions["numericParser"],
    isPglite: kind === "pglite",
  };
}
