/** The most that an order may come to, in cents: sums of an order then fit into an SQL `integer`. */
export const MAX_TOTAL = 1_000_000_000;

const FORMAT = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

/** Formats an amount in cents for people: `€1,234.50`. */
export function formatMoney(cents: number): string {
  return FORMAT.format(cents / 100);
}

/**
 * Adds up amounts in cents.
 *
 * @throws {RangeError} if the sum is not exact
 */
export function sumOf(amounts: readonly number[]): number {
  return toAmount(amounts.reduce((sum, amount) => sum + amount, 0));
}

/**
 * Returns a sum of the database as a number: drivers return some as text, and `null` for no rows.
 *
 * @throws {RangeError} if it is not a whole number, or not exact
 */
export function toAmount(sum: unknown): number {
  const amount = Number(sum ?? 0);
  if (!Number.isSafeInteger(amount)) throw new RangeError("Cannot add up: the sum is not exact");
  return amount;
}
