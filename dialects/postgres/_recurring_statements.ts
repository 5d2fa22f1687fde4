/** Texts beyond this length, such as inserts of many rows, are not worth the memory. */
const LONGEST = 16_384;

/** How often one statement is prepared anew. */
const MOST_RENEWALS = 8;

/** Among how many other texts a text must recur. */
const SEEN_PER_CHOSEN = 4;

/**
 * Chooses the statements that are worth preparing: those that come at least twice. A program that
 * makes its SQL as it goes would otherwise fill the server with statements that are never used
 * again. There are never more than `capacity`: the first ones stay.
 */
export class RecurringStatements {
  readonly #capacity: number;
  readonly #chosen = new Set<string>();
  readonly #seen = new Set<string>();
  /** How often a statement was given up, for {@linkcode RecurringStatements.textOf}. */
  readonly #renewals = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Counts one use, and says whether the statement is to be prepared. */
  use(sql: string): boolean {
    if (this.#chosen.has(sql)) return true;
    if (this.#chosen.size >= this.#capacity || sql.length > LONGEST) return false;
    if (this.#seen.delete(sql)) {
      this.#chosen.add(sql);
      return true;
    }
    this.#seen.add(sql);
    if (this.#seen.size > this.#capacity * SEEN_PER_CHOSEN) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return false;
  }

  /**
   * The text by which a driver that keeps statements by their text prepares one anew, after it was
   * given up; `undefined` where that was too often: the server keeps those that were given up.
   */
  textOf(sql: string): string | undefined {
    const renewals = this.#renewals.get(sql) ?? 0;
    return renewals > MOST_RENEWALS ? undefined : sql + " ".repeat(renewals);
  }

  /** Has a statement prepared anew when it is used the next time. */
  renew(sql: string): void {
    if (this.#chosen.has(sql)) this.#renewals.set(sql, (this.#renewals.get(sql) ?? 0) + 1);
  }

  /** Lets another statement have its place. */
  drop(sql: string): void {
    this.#chosen.delete(sql);
  }
}
