import type { CompiledQuery } from "kysely";
import { canonicalStatement, sha256, shortHash } from "./_hash.ts";

/** How many statements of a plan are kept word for word. */
const MOST_STATEMENTS = 1000;
/** How many characters of SQL of a plan are kept word for word. */
const MOST_CHARACTERS = 200_000;
/** How many characters are hashed at once. */
const CHUNK = 100_000;

/** A statement as it is kept in the history: its text, and a hash of it with its parameters. */
export type KeptStatement = readonly [sql: string, hash: string];

/** The statements of a migration, as they come. */
export class PlanRecord {
  #chain: Promise<string> = Promise.resolve("");
  #open: string[] = [];
  #openLength = 0;
  readonly #kept: KeptStatement[] = [];
  #characters = 0;
  #count = 0;

  /** How many statements there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a statement. */
  add(query: Pick<CompiledQuery, "sql" | "parameters">): void {
    this.#count++;
    const text = canonicalStatement(query);
    this.#open.push(text);
    this.#openLength += text.length;
    if (this.#openLength > CHUNK) this.#close();
    this.#characters += query.sql.length;
    if (this.#count <= MOST_STATEMENTS && this.#characters <= MOST_CHARACTERS) {
      this.#kept.push([query.sql, shortHash(text)]);
    }
  }

  /** Returns the hash of all statements in their order. */
  async hash(): Promise<string> {
    if (this.#openLength > 0) this.#close();
    return await this.#chain || await sha256("");
  }

  /** Returns the statements as they are kept, as JSON. */
  text(): string {
    return JSON.stringify(this.#kept);
  }

  #close(): void {
    const text = this.#open.join("\n");
    this.#open = [];
    this.#openLength = 0;
    this.#chain = this.#chain.then((before) => sha256(`${before}\n${text}`));
  }
}
