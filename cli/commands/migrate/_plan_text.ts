import type { PlannedMigration } from "@kysera/migrations";
import type { Colors } from "../../terminal/_colors.ts";

/** Shows what a migration would send. */
export function planText(
  { name, operation, transaction, statements, readsData, endsBecause }: PlannedMigration,
  { bold, dim, yellow }: Colors,
): string {
  const notes = [
    operation === "down" ? "down" : "",
    transaction ? "in a transaction" : "without a transaction",
    readsData ? "reads data: with other data it may send other statements" : "",
  ].filter((note) => note !== "");
  return [
    `${bold(name)} ${dim(`(${notes.join("; ")})`)}`,
    ...statements.map(({ sql, parameters }) =>
      `  ${sql.replaceAll("\n", "\n  ")};${
        parameters.length === 0 ? "" : dim(`  -- ${parametersText(parameters.length)}`)
      }`
    ),
    ...statements.length === 0 && endsBecause === undefined ? [dim("  sends nothing")] : [],
    ...endsBecause === undefined ? [] : [yellow(`  The plan ends here: ${endsBecause}`)],
  ].join("\n");
}

/** Values are in the JSON, and not in what may be copied into a log. */
function parametersText(count: number): string {
  return count === 1 ? "1 parameter" : `${count} parameters`;
}
