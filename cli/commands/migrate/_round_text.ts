import type { LintFinding } from "@kysera/migrations/lint";
import type { Colors } from "../../terminal/_colors.ts";
import { plainText } from "../../terminal/_table.ts";
import type { Rehearsed } from "../../watch/_rehearse.ts";

/** What came of a save. */
export interface Round {
  readonly migrations: readonly Rehearsed[];
  /** The lines of the types that came, and those that went. */
  readonly types: readonly string[];
  readonly findings: readonly LintFinding[];
  /** Why the migrations could not be applied. */
  readonly failure: string | undefined;
  readonly milliseconds: number;
}

/** Shows what came of a save. */
export function roundText(round: Round, { bold, green, red, yellow, dim }: Colors): string {
  const { migrations, types, findings, failure } = round;
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${plainText(line)}`);
  const isGood = failure === undefined && migrations.every(({ problems }) => problems.length === 0);
  return [
    ...migrations.flatMap(({ name, times, changes, problems }) => [
      `${bold(plainText(name))} ${dim(timesText(times))}`,
      ...indented(changes),
      ...problems.map((problem) => red(`  ${plainText(problem)}`)),
    ]),
    ...migrations.length > 0 || failure !== undefined ? [] : ["All migrations can be applied"],
    ...failure === undefined ? [] : [red(plainText(failure))],
    ...types.length === 0 ? [] : [bold("Types"), ...indented(types)],
    ...findings.flatMap(({ severity, message, rule, instead }) => [
      `${(severity === "error" ? red : yellow)(severity)} ${plainText(message)} ${
        dim(`(${rule})`)
      }`,
      `  ${bold("Instead:")} ${plainText(instead)}`,
    ]),
    `${isGood ? green("Done") : red("Failed")} in ${Math.round(round.milliseconds)} ms`,
  ].join("\n");
}

function timesText({ up, down, again }: Rehearsed["times"]): string {
  const steps = Object.entries({ up, down, up_again: again });
  return steps.flatMap(([step, time]) =>
    time === undefined ? [] : [`${step.replace("_", " ")} ${Math.round(time)} ms`]
  ).join(", ");
}
