import {
  createMigrationRunner,
  type MigrationProvider,
  type MigrationRunner,
} from "@kysera/migrations";
import { diffSchemas, readSchema, type SchemaSnapshot } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { dropEverything } from "../connect/_drop_everything.ts";
import { messageOf } from "../contract/_message_of.ts";

/** Outcome of a migration. */
export interface Rehearsed {
  readonly name: string;
  /** How long each step took, in milliseconds; absent for one that did not run. */
  readonly times: { up?: number; down?: number; again?: number };
  /** What it changes, in words. */
  readonly changes: readonly string[];
  /** What is wrong, in words. */
  readonly problems: readonly string[];
}

/** What came of a round. */
export interface Rehearsal {
  readonly migrations: readonly Rehearsed[];
  /** The schema before the first and after the last of them. */
  readonly before: SchemaSnapshot | undefined;
  readonly after: SchemaSnapshot | undefined;
  /** Why others could not be applied. */
  readonly failure: string | undefined;
}

/** What is on the scratch database. */
interface Applied {
  readonly runner: MigrationRunner;
  /** The names of the migrations, in their order. */
  readonly names: readonly string[];
  /** Those whose down has undone their up. */
  readonly undoable: ReadonlySet<string>;
}

/** Tries migrations on a scratch database. */
export class Rehearsals {
  readonly #db: Kysely<any>;
  #applied: Applied | undefined;

  constructor(db: Kysely<any>) {
    this.#db = db;
  }

  /**
   * Applies migrations: those that are shown up, down and up again. What comes before them stays from
   * the last time, if what comes behind can be undone.
   *
   * @param isShown whether a migration is shown; all that were changed since the last time have to be
   */
  async run(
    migrations: MigrationProvider,
    isShown: (name: string) => boolean,
  ): Promise<Rehearsal> {
    const code = await migrations.getMigrations();
    const runner = createMigrationRunner(this.#db, migrations);
    await this.#undo(Object.keys(code), isShown);
    // What was kept stands in the history.
    const { pending } = await runner.status();
    const done: Rehearsed[] = [];
    let before: SchemaSnapshot | undefined;
    let after: SchemaSnapshot | undefined;
    const result = (failure?: string): Rehearsal => ({ migrations: done, before, after, failure });
    for (const name of pending.filter(isShown)) {
      try {
        const previous = pending[pending.indexOf(name) - 1];
        if (previous !== undefined) await runner.upTo(previous);
      } catch (error) {
        return result(messageOf(error));
      }
      const start = await readSchema(this.#db);
      before ??= start;
      const { rehearsed, end } = await proof(
        { name, start, read: () => readSchema(this.#db) },
        {
          up: () => runner.upTo(name),
          // What runs again and again is not undone.
          down: code[name]?.down === undefined || code[name]?.repeatable === true
            ? undefined
            : () => runner.down(),
        },
      );
      done.push(rehearsed);
      if (end === undefined) return result();
      after = end;
    }
    try {
      await runner.up();
    } catch (error) {
      return result(messageOf(error));
    }
    const isRepeated = Object.values(code).some(({ repeatable }) => repeatable === true);
    const undoable = done.filter(({ times, problems }) =>
      times.again !== undefined && problems.length === 0
    );
    const names = (await runner.getExecutedMigrations()).slice();
    this.#applied = isRepeated
      ? undefined
      : { runner, names, undoable: new Set(undoable.map(({ name }) => name)) };
    return result();
  }

  /** Undoes what was changed, and what comes behind it, or everything. */
  async #undo(code: readonly string[], isShown: (name: string) => boolean): Promise<void> {
    const applied = this.#applied;
    this.#applied = undefined;
    if (applied !== undefined) {
      const { names, undoable, runner } = applied;
      const at = names.findIndex((name) => isShown(name) || !code.includes(name));
      const first = at < 0 ? names.length : at;
      const rest = names.slice(first);
      // One that is new may belong before others.
      const last = names[first - 1];
      const isBehind = code.every((name) =>
        names.includes(name) || last === undefined || name > last
      );
      if (isBehind && first > 0 && rest.every((name) => undoable.has(name))) {
        try {
          if (rest.length > 0) await runner.down(rest.length);
          return;
        } catch {
          // It is begun anew.
        }
      }
    }
    await dropEverything(this.#db, undefined);
  }
}

interface Subject {
  readonly name: string;
  readonly start: SchemaSnapshot;
  readonly read: () => Promise<SchemaSnapshot>;
}

interface Steps {
  readonly up: () => Promise<unknown>;
  readonly down: (() => Promise<unknown>) | undefined;
}

async function proof(
  { name, start, read }: Subject,
  { up, down }: Steps,
): Promise<{ readonly rehearsed: Rehearsed; readonly end: SchemaSnapshot | undefined }> {
  const times: Rehearsed["times"] = {};
  const problems: string[] = [];
  let changes: readonly string[] = [];
  const rehearsed = () => ({ name, times, changes, problems });
  const step = async (which: keyof typeof times, run: () => Promise<unknown>) => {
    const began = performance.now();
    try {
      await run();
      times[which] = performance.now() - began;
      return true;
    } catch (error) {
      problems.push(`${which === "again" ? "up again" : which} fails: ${messageOf(error)}`);
      return false;
    }
  };
  if (!await step("up", up)) return { rehearsed: rehearsed(), end: undefined };
  const end = await read();
  changes = diffSchemas(start, end).map(({ text }) => text);
  if (down === undefined) return { rehearsed: rehearsed(), end };
  if (!await step("down", down)) return { rehearsed: rehearsed(), end: undefined };
  problems.push(...leavings("down", start, await read()));
  if (!await step("again", up)) return { rehearsed: rehearsed(), end: undefined };
  problems.push(...leavings("up again", end, await read()));
  return { rehearsed: rehearsed(), end };
}

function leavings(which: string, wanted: SchemaSnapshot, found: SchemaSnapshot): string[] {
  // A column that comes again stands last.
  return diffSchemas(wanted, found, { columnOrder: false })
    .map(({ text }) => `${which} leaves: ${text}`);
}
