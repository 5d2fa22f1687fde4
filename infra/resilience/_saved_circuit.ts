import { BadRequestError } from "@kysera/core";

/** A circuit breaker as plain data. */
export interface SavedCircuit {
  /** Whether calls passed; one that was trying is open. */
  readonly state: "closed" | "open";
  /** How many calls had failed in a row. */
  readonly failureCount: number;
  /** When it opened, in ms since 1970; `null` where it was closed. */
  readonly openedAt: number | null;
}

/** Checks what may have come from outside. */
export function readSavedState(
  saved: SavedCircuit,
): { state: "closed" | "open"; failureCount: number; openedAt: number } {
  const { state, failureCount, openedAt } = saved;
  const open = state === "open" && Number.isFinite(openedAt);
  const closed = state === "closed" && openedAt === null;
  if (!(open || closed) || !Number.isSafeInteger(failureCount) || failureCount < 0) {
    throw new BadRequestError(
      "Cannot restore a circuit breaker: the state given is not what toJSON() gives",
    );
  }
  return { state, failureCount, openedAt: openedAt ?? 0 };
}
