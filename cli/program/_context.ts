import type { Settings } from "../config/_settings.ts";
import type { Connection, OpenOptions } from "../connect/_connection.ts";
import type { Target } from "../connect/_target.ts";
import type { Colors } from "../terminal/_colors.ts";
import type { Host } from "../contract/_host.ts";
import type { CommandTree } from "./_command.ts";
import type { SharedValues } from "./_shared_options.ts";

/** What every command has at hand. */
export interface Context {
  readonly host: Host;
  readonly shared: SharedValues;
  /** Every command of the program. */
  readonly tree: CommandTree;
  /** The colours of the standard output, or none. */
  readonly colors: Colors;
  /** Says something on the standard error, unless `--quiet` is given. */
  say(message: string): void;
  /** Says what should not be missed; with `--json` it is part of the answer. */
  warn(message: string): void;
  /** Reads the configuration, once. */
  settings(): Promise<Settings>;
  /** Returns the database that is meant, without opening it. */
  target(): Promise<Target>;
  /** Opens the database; it is closed at the end of the command. */
  open(options: OpenOptions): Promise<Connection>;
  /** Has something called at the end of the command, however it ends. */
  onEnd(cleanup: () => unknown): void;
  /**
   * Aborted when the process is to be interrupted while {@linkcode finishFirst} runs. At any other
   * time an interruption ends the command at once.
   */
  readonly signal: AbortSignal;
  /**
   * Runs work that must not be left half done: an interruption aborts the signal, and the work ends
   * where it is safe. A second one ends the process.
   */
  finishFirst<T>(work: () => Promise<T>): Promise<T>;
}
