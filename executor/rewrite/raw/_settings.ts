import type { DialectTraits } from "../../dialect/mod.ts";

/** What is wrong with changing a setting; its name may be anything that was given for one. */
export function problemOfSetting(name: unknown, { raw }: DialectTraits): string | undefined {
  if (typeof name !== "string") {
    return "a setting is changed whose name is not written out; it may decide which rows the " +
      "database shows";
  }
  if (raw.settings?.test(name.toLowerCase())) return undefined;
  return `setting "${name}" may decide which rows the database shows, or how it reads SQL; change ` +
    "it on getRawDb(executor)";
}
