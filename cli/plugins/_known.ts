import { didYouMean } from "@kysera/core";
import { usageError } from "../contract/_cli_error.ts";

/** A plugin that can be put into a file of a program. */
export interface KnownPlugin {
  /** The package. */
  readonly from: string;
  /** The function that creates it. */
  readonly factory: string;
  /** What it has to be told, as an example; undefined where it works without. */
  readonly needs?: string;
}

const KNOWN: Readonly<Record<string, KnownPlugin>> = {
  "soft-delete": { from: "@kysera/soft-delete", factory: "softDeletePlugin" },
  timestamps: { from: "@kysera/timestamps", factory: "timestampsPlugin" },
  audit: { from: "@kysera/audit", factory: "auditPlugin" },
  rls: { from: "@kysera/rls", factory: "rlsPlugin", needs: "{ schema }" },
};

/** The short names of the plugins that the toolkit has. */
export const PLUGIN_NAMES: readonly string[] = Object.keys(KNOWN);

/**
 * Returns the plugin of a name: `audit`, `@kysera/audit`, or `package#factory` of another one.
 *
 * @throws {CliError} if the name says nothing
 */
export function pluginNamed(name: string): KnownPlugin {
  const short = name.replace(/^@kysera\//, "");
  if (Object.hasOwn(KNOWN, short)) return KNOWN[short]!;
  const [from, factory] = name.split("#", 2);
  if (from && factory && /^[A-Za-z_$][\w$]*$/.test(factory) && /^[\w@./-]+$/.test(from)) {
    return { from, factory };
  }
  throw usageError(`There is no plugin "${name}"${didYouMean(short, PLUGIN_NAMES)}`, {
    hint: `The plugins are ${
      PLUGIN_NAMES.join(", ")
    }; write one of another package as "package#factory".`,
  });
}
