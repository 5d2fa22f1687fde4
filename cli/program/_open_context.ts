import type { Settings } from "../config/_settings.ts";
import { colorsOf } from "../terminal/_colors.ts";
import { interruption } from "../contract/_cli_error.ts";
import type { CommandTree } from "./_command.ts";
import type { Context } from "./_context.ts";
import type { Host } from "../contract/_host.ts";
import type { SharedValues } from "./_shared_options.ts";

/** How long a connection may take to close, in milliseconds. */
const PATIENCE = 2000;

/** A context, and what the program does with it. */
export interface OpenedContext {
  readonly context: Context;
  /** What was warned of, for `--json`. */
  readonly warnings: readonly string[];
  /** Runs a command, and cleans up behind it. */
  run<T>(command: () => Promise<T>): Promise<T>;
}

/** Creates what a command has at hand. */
export function openContext(
  host: Host,
  shared: SharedValues,
  tree: CommandTree,
): OpenedContext {
  const warnings: string[] = [];
  const cleanups: (() => unknown)[] = [];
  const aborter = new AbortController();
  const talk = colorsOf(host.stderr, host.env, shared.color);
  let interrupt: () => void = () => {};
  let isFinishing = false;
  let loaded: Promise<Settings> | undefined;

  const context: Context = {
    host,
    shared,
    tree,
    colors: colorsOf(host.stdout, host.env, shared.color),
    signal: aborter.signal,
    say(message) {
      if (!shared.quiet) void host.stderr.write(`${message}\n`);
    },
    warn(message) {
      warnings.push(message);
      if (!shared.json) void host.stderr.write(`${talk.yellow("Warning:")} ${message}\n`);
    },
    settings: () => loaded ??= readSettings(),
    async target() {
      const { targetOf } = await import("../connect/_target.ts");
      const { database, root } = await context.settings();
      return targetOf(database, root);
    },
    async open(options) {
      const { openDatabase } = await import("../connect/_open_database.ts");
      const { root, database } = await context.settings();
      const isShown = shared.verbose || database?.debug === true;
      const connection = await openDatabase(await context.target(), root, {
        ...isShown ? { onStatement: (sql) => void host.stderr.write(`${talk.dim(sql)}\n`) } : {},
        ...options,
      });
      cleanups.push(() => connection.close());
      return connection;
    },
    onEnd: (cleanup) => void cleanups.push(cleanup),
    async finishFirst(work) {
      isFinishing = true;
      try {
        return await work();
      } finally {
        isFinishing = false;
      }
    },
  };
  return { context, warnings, run };

  async function run<T>(command: () => Promise<T>): Promise<T> {
    const interrupted = new Promise<never>((_, reject) => interrupt = () => reject(interruption()));
    const stop = host.onInterrupt(() => {
      if (isFinishing && !aborter.signal.aborted) {
        void host.stderr.write("Ends where it is safe; press Ctrl-C again to stop at once\n");
        aborter.abort(interruption());
      } else interrupt();
    });
    try {
      return await Promise.race([command(), interrupted]);
    } finally {
      stop();
      await cleanUp();
    }
  }

  /** Undoes what was opened, the last first. A connection in use is not waited for for ever. */
  async function cleanUp(): Promise<void> {
    for (const cleanup of cleanups.reverse()) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE));
      try {
        await Promise.race([cleanup(), patience]);
      } catch {
        // What the command has to say matters more than how a connection ends.
      } finally {
        clearTimeout(timer);
      }
    }
  }

  async function readSettings(): Promise<Settings> {
    const { loadSettings } = await import("../config/_load_settings.ts");
    const { settings, warnings } = await loadSettings({
      cwd: host.cwd,
      env: host.env,
      file: shared.config,
      environment: shared.env,
      url: shared.url,
    });
    for (const warning of warnings) context.warn(warning);
    return settings;
  }
}
