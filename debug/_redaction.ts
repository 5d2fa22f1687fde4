import { nearNames } from "@kysera/core";

/** Names that are shorter are near to too many others. */
const LEAST_LETTERS = 4;

/**
 * The columns whose values are not shown, by the names that the option gives.
 *
 * A name that was never that of a column is most likely misspelt. What it was meant for is not known,
 * so the columns of a query that are near to it are not shown either, and that is told once.
 */
export class Redaction {
  readonly #names: ReadonlyMap<string, string>;
  readonly #tell: (message: string) => void;
  /** The names that columns were seen to have. */
  readonly #seen: Set<string> = new Set();
  readonly #told: Set<string> = new Set();

  /**
   * @param redact the names: of a column, or of one of a table, `users.email`. Under an alias nobody
   * knows which table a column is of, so that the second hides `email` of every table
   * @param tell is told of names that may be misspelt
   */
  constructor(redact: readonly string[], tell: (message: string) => void) {
    this.#names = new Map(redact.flatMap((given) => {
      const column = given.slice(given.lastIndexOf(".") + 1);
      return [[normalize(given), given], [normalize(column), given]];
    }));
    this.#tell = tell;
  }

  /** Whether every value may be shown. */
  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /**
   * Returns the columns of a query whose values are not shown.
   *
   * @param columns the columns that the query names
   */
  of(columns: ReadonlySet<string>): ReadonlySet<string> {
    const normalized = new Set([...columns].map(normalize));
    const hidden = new Set(this.#names.keys());
    for (const [name, given] of this.#names) {
      if (normalized.has(name)) this.#seen.add(given);
    }
    for (const [name, given] of this.#names) {
      if (this.#seen.has(given) || name.includes(".") || name.length < LEAST_LETTERS) continue;
      const near = nearNames(name, normalized);
      for (const column of near) hidden.add(column);
      if (near.length > 0) {
        this.#tellOnce(
          given,
          [...columns].find((one) => normalize(one) === near[0])!,
        );
      }
    }
    return hidden;
  }

  #tellOnce(given: string, column: string): void {
    if (this.#told.has(given)) return;
    this.#told.add(given);
    this.#tell(
      `The option "redact" names "${given}", which no column was called yet; did you mean "${column}"? ` +
        "Its values are not shown either",
    );
  }
}

/** `passwordHash` and `password_hash` are one column. */
export function normalize(column: string): string {
  return column.replaceAll("_", "").toLowerCase();
}
