/** A time as drivers give it; the time of taking over where it is none. */
export function timeOf(value: unknown): Date {
  if (value instanceof Date) return value;
  const text = String(value);
  // Milliseconds since 1970: Prisma on SQLite, Drizzle everywhere.
  if (/^\d+(?:\.\d+)?$/.test(text)) return new Date(Number(text));
  // SQLite and MySQL write UTC without saying so.
  const isUtc = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/.test(text);
  const time = new Date(isUtc ? `${text.replace(" ", "T")}Z` : text);
  return Number.isNaN(time.getTime()) ? new Date() : time;
}
