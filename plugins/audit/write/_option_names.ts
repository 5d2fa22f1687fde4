import { namesOfKeys, type OptionName } from "@kysera/executor";
import type { Settings } from "../contract/_settings.ts";

/** Returns the names of tables and columns that the options hold. */
export function optionNames(settings: Settings): OptionName[] {
  const { tables = [], excludeTables, key, keysOfTables, deletedAtColumn, namesDeletedAt } =
    settings;
  if (settings.check === "off") return [];
  const columns = (["allowColumns", "denyColumns", "maskColumns"] as const).flatMap((option) =>
    (settings[option] ?? []).map((entry): OptionName => {
      const dot = entry.indexOf(".");
      return dot < 0
        ? { option, column: entry }
        : { option, table: entry.slice(0, dot), column: entry.slice(dot + 1) };
    })
  );
  return [
    ...tables.map((table) => ({ option: "tables", table })),
    ...excludeTables.map((table) => ({ option: "excludeTables", table })),
    ...namesOfKeys({ common: key, own: keysOfTables }),
    ...columns,
    ...namesDeletedAt ? [{ option: "deletedAtColumn", column: deletedAtColumn }] : [],
  ];
}
