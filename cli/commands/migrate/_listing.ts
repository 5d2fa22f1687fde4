import type { MigrationStatus } from "@kysera/migrations";
import type { Colors } from "../../terminal/_colors.ts";
import { table } from "../../terminal/_table.ts";
import type { OpenedRunner } from "./_open_runner.ts";

/** A migration of the code or of the history. */
export interface ListedMigration {
  readonly name: string;
  /** The digits that its name begins with. */
  readonly timestamp: string | null;
  readonly status: "executed" | "pending";
  /** When it was applied, in ISO 8601. */
  readonly executedAt: string | null;
  /** How long it took, in milliseconds. */
  readonly duration: number | null;
}

/** Returns the migrations that are applied, in the order in which they were, and the others. */
export async function listMigrations(
  { runner }: OpenedRunner,
): Promise<{ status: MigrationStatus; migrations: ListedMigration[] }> {
  const status = await runner.status();
  const history = new Map((await runner.getHistory()).map((entry) => [entry.name, entry]));
  const listed = (name: string, isExecuted: boolean): ListedMigration => ({
    name,
    timestamp: /^\d+/.exec(name)?.[0] ?? null,
    status: isExecuted ? "executed" : "pending",
    executedAt: isExecuted ? history.get(name)?.executedAt.toISOString() ?? null : null,
    duration: isExecuted ? history.get(name)?.duration ?? null : null,
  });
  return {
    status,
    migrations: [
      ...status.executed.map((name) => listed(name, true)),
      ...status.pending.map((name) => listed(name, false)),
    ],
  };
}

/** Shows migrations as a table. */
export function listingText(
  migrations: readonly ListedMigration[],
  { green, yellow, bold }: Colors,
): string {
  return table(
    ["Migration", "Status", "Applied at", "Took"],
    migrations.map(({ name, status, executedAt, duration }) => [
      name,
      status === "executed"
        ? { value: "applied", paint: green }
        : { value: "pending", paint: yellow },
      executedAt?.replace("T", " ").replace(/\.\d+Z$/, "Z"),
      duration === null ? undefined : `${Math.round(duration)} ms`,
    ]),
    bold,
  );
}
