import type { Kysely } from "kysely";

/** A version of a program, by the column that it knows. */
export type Version = "name" | "full_name";

/**
 * Programs of an old and a new version, which write the same rows at the same time. A row is written by
 * one of them at a time, so that it is known what it has to hold.
 */
export class Writers {
  readonly #db: Kysely<any>;
  readonly #random: () => number;
  readonly #busy = new Set<number>();
  /** What each row was given last. */
  readonly expected: Map<number, string | null>;
  readonly #running = new Set<Promise<void>>();
  readonly #versions = new Map<Version, boolean>();
  #nextId: number;
  #count = 0;
  #isStopped = false;
  #error: unknown;
  /** How many writes there were, by version. */
  readonly writes: Record<Version, number> = { name: 0, full_name: 0 };

  /** What is in the table is said by `rows`. */
  constructor(db: Kysely<any>, random: () => number, rows: ReadonlyMap<number, string>) {
    this.#db = db;
    this.#random = random;
    this.expected = new Map(rows);
    this.#nextId = Math.max(0, ...rows.keys()) + 1;
  }

  /** Starts programs of a version. */
  start(version: Version, programs: number): void {
    this.#versions.set(version, true);
    for (let i = 0; i < programs; i++) {
      const running = this.#run(version).catch((error) => {
        this.#error ??= error;
      });
      this.#running.add(running);
      running.finally(() => this.#running.delete(running));
    }
  }

  /** Stops the programs of a version, and waits for what they write. */
  async stop(version?: Version): Promise<void> {
    if (version === undefined) this.#isStopped = true;
    else this.#versions.set(version, false);
    // The others go on.
    if (version === undefined) await Promise.all(this.#running);
    else await this.pass(2);
    this.assertFine();
  }

  /** Waits until so many writes have been made by all programs. */
  async pass(writes: number): Promise<void> {
    const end = this.#count + writes;
    while (this.#count < end && this.#error === undefined && this.#running.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.assertFine();
  }

  assertFine(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  async #run(version: Version): Promise<void> {
    while (!this.#isStopped && this.#versions.get(version)) {
      await this.#write(version);
      this.writes[version]++;
      this.#count++;
      // With one connection others have to get their turn.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  async #write(version: Version): Promise<void> {
    const free = [...this.expected.keys()].filter((id) => !this.#busy.has(id));
    const id = free[Math.floor(this.#random() * free.length)];
    const what = this.#random();
    if (what < 0.25 || id === undefined) return await this.#insert(version);
    this.#busy.add(id);
    try {
      if (what < 0.35) {
        // A column that has nothing to do with it.
        await this.#db.updateTable("users").set({ visits: this.#count }).where("id", "=", id)
          .execute();
        return;
      }
      const value = this.#value();
      await this.#db.updateTable("users").set({ [version]: value }).where("id", "=", id).execute();
      this.expected.set(id, value);
    } finally {
      this.#busy.delete(id);
    }
  }

  async #insert(version: Version): Promise<void> {
    const id = this.#nextId++;
    const value = this.#value();
    await this.#db.insertInto("users").values({ id, visits: 0, [version]: value }).execute();
    this.expected.set(id, value);
  }

  /** Values that differ in upper and lower case alone, and NULL once in a while. */
  #value(): string | null {
    const words = ["ada", "Ada", "ADA", "grace", "Grace "];
    if (this.#random() < 0.05) return null;
    return `${words[Math.floor(this.#random() * words.length)]}${Math.floor(this.#random() * 3)}`;
  }
}
