import type { TriedAbility } from "./_abilities.ts";
import type { ToolName } from "./_tools.ts";
import type { ComparedTypes } from "./_types.ts";

const TOOLS: readonly ToolName[] = ["kysely-ctl", "kysely-codegen", "kysera"];

/** Where it was run, and on what. */
export interface PageFacts {
  readonly versions: Readonly<Record<string, string>>;
  readonly servers: readonly string[];
}

/** Returns the page. */
export function page(
  abilities: readonly TriedAbility[],
  types: readonly ComparedTypes[],
  { versions, servers }: PageFacts,
): string {
  return `# kysely-ctl, kysely-codegen and kysera

Written by \`deno task bench:clis --write\`, which installs kysely-ctl ${versions["kysely-ctl"]} and
kysely-codegen ${versions["kysely-codegen"]} with kysely ${versions["kysely"]}, and runs them and
\`kysera\` as a user would, on ${servers.join(", ")}.

## What each can do

Each line was tried by running the program on PostgreSQL, on a database of its own, and looking at
what it exits with and what is in the database then. "no" is what the program does not do though it
was asked to; where there is nothing, it has no command for it.

${abilityTable(abilities)}

kysely-codegen loads \`typescript\` when it runs, without depending on it: it has to be installed
beside it.

## The types of one database

Both programs write the types of one database, and the compiler compares them column by column: what
a select gives, what an insert takes, and what an update takes (\`Selectable\`, \`Insertable\` and
\`Updateable\`). Two types are the same if each can be assigned to the other. Beside the types that
are not, there is what the driver gives for the column in a row: on PostgreSQL \`pg\`, on MariaDB
\`mysql2\`, on SQLite \`node:sqlite\`.

${summaryTable(types)}

${types.map(typesSection).join("\n\n")}
`;
}

function abilityTable(abilities: readonly TriedAbility[]): string {
  return table(
    ["", ...TOOLS],
    abilities.map(({ title, found }) => [
      title,
      ...TOOLS.map((tool) => found[tool] === undefined ? "" : found[tool] ? "yes" : "no"),
    ]),
  );
}

function summaryTable(types: readonly ComparedTypes[]): string {
  return table(
    ["", "uses of columns", "same type", "kysely-codegen's file alone", "kysera's file alone"],
    types.map(({ kind, uses, same, errors }) => [
      kind,
      String(uses),
      String(same),
      verdict(errors.codegen),
      verdict(errors.kysera),
    ]),
  );
}

function verdict(errors: readonly string[]): string {
  return errors.length === 0 ? "compiles" : errors.map((error) => error.split(". ")[0]!).join("; ");
}

function typesSection({ kind, different }: ComparedTypes): string {
  return `### ${kind}\n\n${
    table(
      ["column", "use", "kysely-codegen", "kysera", "the driver gives"],
      different.map(({ column, use, codegen, kysera, value }) => [
        code(column),
        use,
        typeText(codegen),
        typeText(kysera),
        code(value),
      ]),
    )
  }`;
}

function typeText(type: string): string {
  return type === '"not there"' ? "not there" : code(type);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
