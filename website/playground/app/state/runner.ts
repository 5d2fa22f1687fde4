import type { EngineName, Files, RunFailure, RunRequest, WorkerMessage } from "../protocol.ts";
import type { RunOptions, RunOutcome } from "../../runtime/run/run_program.ts";

/** How a run ended. */
export type RunReply =
  | { readonly kind: "finished"; readonly outcome: RunOutcome; readonly output: readonly string[] }
  | { readonly kind: "failed"; readonly failure: RunFailure }
  /** It took too long, and the worker was ended. */
  | { readonly kind: "stopped"; readonly limit: number }
  /** The worker or its database does not start. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** A later run was asked for before this one began. */
  | { readonly kind: "superseded" };

/** How long a program may run, in ms. PostgreSQL in the browser is several times slower. */
const RUN_LIMIT: Readonly<Record<EngineName, number>> = { sqlite: 5_000, postgres: 15_000 };
/** How long a database may take to open, in ms. */
const OPEN_LIMIT = 120_000;

interface Waiting {
  readonly request: RunRequest;
  readonly answer: (reply: RunReply) => void;
}

/**
 * Runs programs in a worker. One that does not end is ended with its worker, and the next worker is
 * started at once. While a program runs, only the last one that was asked for waits.
 */
export class Runner {
  readonly #engine: EngineName;
  #worker: Worker | undefined;
  #isOpen = false;
  #reason: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #current: Waiting | undefined;
  #next: Waiting | undefined;
  #ids = 0;

  /** @param engine the database of its worker */
  constructor(engine: EngineName) {
    this.#engine = engine;
    this.#start();
  }

  /** Runs a program as soon as the one before has ended. */
  run(files: Files, options: RunOptions): Promise<RunReply> {
    return new Promise((answer) => {
      this.#next?.answer({ kind: "superseded" });
      this.#next = { request: { id: ++this.#ids, files, options }, answer };
      this.#advance();
    });
  }

  #start(): void {
    this.#isOpen = false;
    this.#reason = undefined;
    let worker: Worker;
    try {
      worker = new Worker(new URL("../worker/main.ts", import.meta.url), {
        type: "module",
        name: this.#engine,
      });
    } catch (error) {
      this.#give(`The worker cannot be started: ${error instanceof Error ? error.message : error}`);
      return;
    }
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
      if (worker === this.#worker) this.#hear(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker !== this.#worker || this.#isOpen) return;
      this.#give(
        event.message ||
          "The worker could not be loaded: a Content-Security-Policy may forbid it (worker-src), " +
            "or the network is down.",
      );
    });
    this.#timer = setTimeout(
      () => this.#give("The database did not open within two minutes."),
      OPEN_LIMIT,
    );
  }

  #hear(message: WorkerMessage): void {
    switch (message.type) {
      case "opened":
        clearTimeout(this.#timer);
        this.#isOpen = true;
        return this.#advance();
      case "unavailable":
        return this.#give(message.reason);
      case "started":
        if (message.id !== this.#current?.request.id) return;
        this.#timer = setTimeout(() => this.#stop(), RUN_LIMIT[this.#engine]);
        return;
      case "finished":
        return this.#answer(message.id, {
          kind: "finished",
          outcome: message.outcome,
          output: message.output,
        });
      case "failed":
        return this.#answer(message.id, { kind: "failed", failure: message.failure });
    }
  }

  #answer(id: number, reply: RunReply): void {
    // A program can post messages as well; what it says of itself is nobody else's answer.
    if (id !== this.#current?.request.id) return;
    clearTimeout(this.#timer);
    const { answer } = this.#current;
    this.#current = undefined;
    answer(reply);
    this.#advance();
  }

  #advance(): void {
    if (this.#next === undefined || this.#current !== undefined) return;
    if (this.#reason !== undefined) {
      this.#next.answer({ kind: "unavailable", reason: this.#reason });
      this.#next = undefined;
    } else if (this.#isOpen) {
      this.#current = this.#next;
      this.#next = undefined;
      this.#worker!.postMessage(this.#current.request);
    }
  }

  #stop(): void {
    this.#worker?.terminate();
    const stopped = this.#current;
    this.#current = undefined;
    this.#start();
    stopped?.answer({ kind: "stopped", limit: RUN_LIMIT[this.#engine] });
  }

  /** Answers every run with why there is no worker. */
  #give(reason: string): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#reason = reason;
    this.#current?.answer({ kind: "unavailable", reason });
    this.#current = undefined;
    this.#advance();
  }
}
