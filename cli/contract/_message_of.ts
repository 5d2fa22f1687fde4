/** The message of an error; where it has none, those of the errors that it is made of. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : error.name;
}
