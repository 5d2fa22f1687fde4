import process from "node:process";

/** A name for a schema or database that no other test, process or run has. */
export function uniqueName(): string {
  const random = Math.random().toString(36).slice(2, 10);
  return `kysera_${process.pid}_${Date.now().toString(36)}_${random}`;
}
