import type { Round } from "./_round.ts";
import { PATIENCE } from "./_round.ts";
import type { SetUp } from "./_setups.ts";
import type { RunnerName } from "./_task.ts";

/** What was seen in one set-up. */
export interface Compared {
  readonly setUp: SetUp;
  readonly rounds: Readonly<Record<RunnerName, readonly Round[]>>;
}

const COLUMNS: readonly (readonly [title: string, key: keyof Omit<Round, "errors">])[] = [
  ["ran twice", "ranTwice"],
  ["a process failed", "failed"],
  ["hung", "hung"],
  ["left a lock", "leftLock"],
  ["the next run failed", "nextFailed"],
];
const NAMES: Readonly<Record<RunnerName, string>> = {
  kysely: "Kysely's Migrator",
  kysera: "`@kysera/migrations`",
};
/** How much of an error is shown. */
const LENGTH = 160;

/**
 * Returns what was seen as Markdown.
 *
 * @param compared what was seen
 * @param about the version and the machine, for a whole page
 */
export function markdown(
  compared: readonly Compared[],
  about: { readonly kysely: string; readonly machine: string } | undefined,
): string {
  const sections = compared.map(({ setUp, rounds }) =>
    [
      `## ${setUp.title}`,
      setUp.about,
      table(
        ["", "rounds", ...COLUMNS.map(([title]) => title)],
        (["kysely", "kysera"] as const).map((runner) => [
          NAMES[runner],
          String(rounds[runner].length),
          ...COLUMNS.map(([, key]) => String(rounds[runner].filter((round) => round[key]).length)),
        ]),
      ),
      ...reported(rounds),
    ].join("\n\n")
  );
  if (about === undefined) return sections.join("\n\n");
  return [
    "# Two migrators side by side",
    `Written by \`deno task bench:migrators --write\`: Kysely ${about.kysely}'s \`Migrator\` and the ` +
    "runner of `@kysera/migrations` apply the same two migrations, each by its own documentation, in " +
    "processes that begin at once. Each round has a database of its own; then one more process runs " +
    `alone. A process that does not end in ${
      PATIENCE / 1_000
    } seconds hangs. The option \`lease\` of ` +
    "the runner is a second, so that a process that is killed counts as dead soon; else all options are " +
    "the default ones.",
    "Counted are the rounds in which the body of a migration ran more than once, in which a process " +
    "reported a failure or hung, in which an advisory lock was held when all processes had ended, and " +
    "in which the next run failed or hung.",
    ...sections,
    `Measured with ${about.machine}.`,
  ].join("\n\n") + "\n";
}

/** The errors that were reported, each once. */
function reported(rounds: Compared["rounds"]): string[] {
  const lines = (["kysely", "kysera"] as const).flatMap((runner) => {
    const texts = new Set(rounds[runner].flatMap(({ errors }) => errors.map(short)));
    texts.delete("hung");
    return [...texts].map((text) => `- ${NAMES[runner]}: \`${text}\``);
  });
  return lines.length === 0 ? [] : [`Reported:\n\n${lines.join("\n")}`];
}

function short(error: string): string {
  const line = error.replaceAll("`", "'").split("\n")[0]!;
  return line.length > LENGTH ? `${line.slice(0, LENGTH)}..` : line;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => i === 0 ? "---" : "---:")), ...rows.map(line)].join(
    "\n",
  );
}
