/** What the program has of the process that it runs in. */
export interface Host {
  /** The arguments behind the name of the program. */
  readonly args: readonly string[];
  /** The folder that relative paths are read from. */
  readonly cwd: string;
  /** The number of the process. */
  readonly pid: number;
  /** The environment variables; those of `.env` are added to them. */
  readonly env: Record<string, string | undefined>;
  /** Where data goes. */
  readonly stdout: HostStream;
  /** Where everything else that is said goes. */
  readonly stderr: HostStream;
  /** Whether somebody can be asked. */
  readonly isInteractive: boolean;
  /** Calls back when the process is to be interrupted, until the returned function is called. */
  onInterrupt(callback: () => void): () => void;
  /** Reads the standard input to its end. */
  readInput(): Promise<string>;
}

/** A stream that text is written to. */
export interface HostStream {
  /** Whether it is a terminal. */
  readonly isTTY: boolean;
  /** How many columns it has, where it is a terminal. */
  readonly columns: number | undefined;
  /** Writes a text; resolves when it is handed over. */
  write(text: string): Promise<void>;
}
