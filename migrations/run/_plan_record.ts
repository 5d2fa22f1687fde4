import type { CompiledQuery } from "kysely";
import { canonicalStatement, sha256 } from "./_hash.ts";

/** How many statements of a plan are kept word for word. */
const MOST_STATEMENTS = 1000;
/** How many characters of SQL of a plan are kept word for word. */
const MOST_CHARACTERS = 200_000;

/** A statement as it is kept in the history: its text, and a hash of it with its parameters. */
export type KeptStatement = readonly [sql: string, hash: string];

/** The statements of a migration, as they come. */
export class PlanRecord {
  #chain: Promise<string> = Promise.resolve("");
  #kept: Promise<KeptStatement>[] = [];
  #characters = 0;
  #count = 0;

  /** How many statements there are. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a statement.
   *
   * @returns the hash of it with its parameters
   */
  add(query: Pick<CompiledQuery, "sql" | "parameters">): Promise<string> {
    this.#count++;
    const hash = sha256(canonicalStatement(query));
    this.#chain = Promise.all([this.#chain, hash]).then(([before, own]) => sha256(before + own));
    this.#characters += query.sql.length;
    if (this.#count <= MOST_STATEMENTS && this.#characters <= MOST_CHARACTERS) {
      const { sql } = query;
      this.#kept.push(hash.then((own): KeptStatement => [sql, own]));
    }
    return hash;
  }

  /** Returns the hash of all statements in their order. */
  hash(): Promise<string> {
    return this.#chain.then(async (chain) => chain === "" ? await sha256("") : chain);
  }

  /** Returns the statements as they are kept, as JSON. */
  async text(): Promise<string> {
    return JSON.stringify(await Promise.all(this.#kept));
  }
}
