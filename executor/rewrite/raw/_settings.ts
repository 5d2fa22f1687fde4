import type { DialectTraits } from "../../dialect/mod.ts";
import { RAW_TRAITS } from "../../dialect/raw.ts";

/** What is wrong with changing a setting; its name may be anything that was given for one. */
export function problemOfSetting(name: unknown, traits: DialectTraits): string | undefined {
  if (typeof name !== "string") {
    return "a setting is changed whose name is not written out; it may decide which rows the " +
      "database shows";
  }
  if (RAW_TRAITS[traits.name].settings?.test(name.toLowerCase())) return undefined;
  return `setting "${name}" may decide which rows the database shows, or how it reads SQL; change ` +
    "it on getRawDb(executor)";
}
