import { asOf } from "@kysera/audit";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { time } from "../../times/_times.ts";
import { AUDIT_OPTIONS, openAudit } from "./_open_audit.ts";

/** How far back a row is looked at where nothing is said. */
const DAY = 86_400_000;

/** `kysera audit diff`. */
export const command: Command = defineCommand({
  description: "Times are 2026-01-31T12:00:00Z, or 7d for a week ago. It shows values.",
  arguments: [
    { name: "table", description: "the table" },
    { name: "id", description: "the key of the row" },
    { name: "from", description: "the earlier time; a day ago by default", isOptional: true },
    { name: "to", description: "the later time; now by default", isOptional: true },
  ],
  options: {
    unified: flag("-u, --unified", "show the whole row, with marks at the lines that differ"),
    ...AUDIT_OPTIONS,
  },
  examples: [["kysera audit diff users 7 7d", "show what changed in a week"]],
  async run({ context, args: [table = "", id, from, to], options }) {
    const { executor } = await openAudit(context, options);
    const start = from === undefined ? new Date(Date.now() - DAY) : TIME.parse!(from)!;
    const end = to === undefined ? new Date() : TIME.parse!(to)!;
    const before = await asOf(executor, table, id, start);
    const after = await asOf(executor, table, id, end);
    const { createTwoFilesPatch, diffLines } = await import("diff");
    const [one, other] = [rowText(before), rowText(after)];
    const { green, red } = context.colors;
    const lines = options.unified
      ? createTwoFilesPatch(start.toISOString(), end.toISOString(), one, other).split("\n").slice(1)
      : diffLines(one, other).filter(({ added, removed }) => added || removed)
        .flatMap(({ value, added }) =>
          value.trimEnd().split("\n").map((line) => `${added ? "+" : "-"}${line}`)
        );
    return {
      data: { from: start, to: end, before, after, changed: one !== other },
      text: one === other
        ? "Nothing has changed"
        : lines.map((line) =>
          line.startsWith("+") ? green(line) : line.startsWith("-") ? red(line) : line
        ).join("\n"),
    };
  },
});

const TIME = time("", "");

/** A row with a column in each line, in the order of their names. */
function rowText(row: Readonly<Record<string, unknown>> | null): string {
  if (row === null) return "";
  const shown = (_: string, each: unknown) => typeof each === "bigint" ? String(each) : each;
  return Object.keys(row).sort().map((name) => `${name}: ${JSON.stringify(row[name], shown)}\n`)
    .join("");
}
