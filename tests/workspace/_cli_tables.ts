import { TREE } from "../../cli/commands/_tree.ts";
import type { CommandEntry } from "../../cli/program/_command.ts";
import { longFlag, type Options } from "../../cli/contract/_options.ts";
import { SHARED_OPTIONS } from "../../cli/program/_shared_options.ts";

/** A command of the program, loaded. */
export interface ListedCommand {
  /** `migrate up` */
  readonly name: string;
  readonly entry: CommandEntry;
  readonly options: Options;
  readonly usage: string;
}

/** Loads every command, by the names of the groups; those without a group are in "". */
export async function everyCommand(): Promise<Map<string, ListedCommand[]>> {
  const groups = new Map<string, ListedCommand[]>();
  for (const [name, entry] of Object.entries(TREE)) {
    if ("load" in entry) {
      if (entry.isHidden) continue;
      groups.set("", [...groups.get("") ?? [], await listed(name, entry)]);
      continue;
    }
    const { group } = await entry.loadGroup();
    groups.set(
      name,
      await Promise.all(
        Object.entries(group).map(([child, each]) => listed(`${name} ${child}`, each)),
      ),
    );
  }
  return groups;
}

/** Returns the tables of the README by the comments that stand above them. */
export async function cliTables(): Promise<Record<string, string>> {
  const parts: string[] = [];
  for (const [group, commands] of await everyCommand()) {
    const title = group === "" ? "Others" : `\`kysera ${group}\``;
    parts.push(`### ${title}\n\n${commandTable(commands)}`);
  }
  return {
    "shared options": table(
      ["option", "does"],
      Object.values(SHARED_OPTIONS).map(({ flags, description }) => [`\`${flags}\``, description]),
    ),
    "commands": parts.join("\n\n"),
  };
}

async function listed(name: string, entry: CommandEntry): Promise<ListedCommand> {
  const { command } = await entry.load();
  const words = command.arguments.map((each) =>
    each.isOptional ? `[${each.name}]` : `<${each.name}>`
  );
  return { name, entry, options: command.options, usage: [name, ...words].join(" ") };
}

function commandTable(commands: readonly ListedCommand[]): string {
  return table(
    ["command", "does", "options"],
    commands.map(({ entry, options, usage }) => [
      `\`${usage}\`${(entry.aliases ?? []).map((alias) => `, \`${alias}\``).join("")}`,
      entry.summary,
      Object.values(options).filter(({ isHidden }) => !isHidden)
        .map(({ flags }) => `\`${longFlag(flags)}\``).join(", "),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [first, ...others] = all.map(line);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [first, rule, ...others].join("\n");
}
