import { BadRequestError } from "@kysera/core";
import { firstWord } from "./_statement_kind.ts";
import type { DurableObjectStorage } from "./durable_object_dialect.ts";

/** What stands before the name of a savepoint. */
const COMMAND =
  /^\s*(?:savepoint|release(?:\s+savepoint)?|rollback(?:\s+transaction)?\s+to(?:\s+savepoint)?)\s+/i;
const ROLLBACK = /^\s*rollback(?:\s+transaction)?\s*;?\s*$/i;

/** A transaction of the storage that is held open, or a savepoint, which is one inside of another. */
interface Open {
  /** `undefined` for the outermost. */
  readonly name: string | undefined;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * The transaction that is open on the storage of a Durable Object, and its savepoints.
 *
 * The storage refuses BEGIN and SAVEPOINT as statements, and runs a function in a transaction
 * instead, which commits when the promise of the function is fulfilled. That promise is held open
 * here until the command comes that ends it. `transactionSync()` would not do: it keeps what a
 * function has written whose promise is rejected later.
 */
export class DurableObjectTransactions {
  readonly #storage: DurableObjectStorage;
  readonly #open: Open[] = [];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /**
   * Runs a command about transactions.
   *
   * @returns false if the text is no such command
   */
  async run(sql: string): Promise<boolean> {
    switch (firstWord(sql)?.toLowerCase()) {
      case "begin":
        await this.begin();
        return true;
      case "commit":
      case "end":
        await this.commit();
        return true;
      case "savepoint":
        this.#refuseOutside("set a savepoint");
        await this.#begin(nameIn(sql));
        return true;
      case "release":
        await this.#end("commit", this.#find("release", nameIn(sql)));
        return true;
      case "rollback": {
        if (ROLLBACK.test(sql)) {
          await this.rollback();
          return true;
        }
        const name = nameIn(sql);
        await this.#end("rollback", this.#find("roll back to", name));
        // It is there still, and can be rolled back to again.
        await this.#begin(name);
        return true;
      }
      default:
        return false;
    }
  }

  /** Whether a transaction is open. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  async begin(): Promise<void> {
    if (this.isOpen) {
      throw new BadRequestError("Cannot begin a transaction: one is open; set a savepoint in it");
    }
    await this.#begin(undefined);
  }

  async commit(): Promise<void> {
    this.#refuseOutside("commit");
    await this.#end("commit", 0);
  }

  async rollback(): Promise<void> {
    this.#refuseOutside("roll back");
    await this.#end("rollback", 0);
  }

  async #begin(name: string | undefined): Promise<void> {
    this.#open.push(await hold(this.#storage, name));
  }

  /** Ends those from an index on, the last one first. */
  async #end(how: "commit" | "rollback", from: number): Promise<void> {
    for (const open of this.#open.splice(from).reverse()) await open[how]();
  }

  #find(action: string, name: string): number {
    this.#refuseOutside(`${action} a savepoint`);
    const index = this.#open.findLastIndex((open) => open.name === name);
    if (index < 0) {
      throw new BadRequestError(`Cannot ${action} the savepoint: none of the name is set`);
    }
    return index;
  }

  #refuseOutside(action: string): void {
    if (this.isOpen) return;
    throw new BadRequestError(`Cannot ${action}: no transaction is active; begin one first`);
  }
}

/** Begins a transaction of the storage that lasts until it is told to end. */
function hold(storage: DurableObjectStorage, name: string | undefined): Promise<Open> {
  return new Promise((resolve, reject) => {
    let fulfil!: () => void;
    let refuse!: (reason: Error) => void;
    const work = new Promise<void>((fulfilled, refused) => {
      fulfil = fulfilled;
      refuse = refused;
    });
    const done = storage.transaction(() => {
      resolve({
        name,
        async commit() {
          fulfil();
          await done;
        },
        async rollback() {
          refuse(new Error("rolled back"));
          await done.catch(() => {});
        },
      });
      return work;
    });
    // Before the function has run there is nobody else to be told; afterwards this does nothing.
    done.catch(reject);
  });
}

/** The name in a command about a savepoint, as SQLite compares it. */
function nameIn(sql: string): string {
  const command = COMMAND.exec(sql);
  const text = command === null ? "" : sql.slice(command[0].length).trim();
  const name = text.endsWith(";") ? text.slice(0, -1).trimEnd() : text;
  if (name === "") {
    throw new BadRequestError("Cannot run the command: it names no savepoint");
  }
  const unquoted = name.startsWith('"') && name.endsWith('"')
    ? name.slice(1, -1).replaceAll('""', '"')
    : name;
  return unquoted.toLowerCase();
}
