import type { Files } from "../protocol.ts";
import type { TypesAnswer, TypesQuestion, TypesRequest } from "./protocol.ts";

const NOTHING: TypesAnswer = { id: 0, notes: [], completions: [], error: undefined };

/** Asks TypeScript, which is loaded with the first question. */
export class TypesClient {
  readonly #waiting = new Map<number, (answer: TypesAnswer) => void>();
  #worker: Worker | undefined;
  #ids = 0;

  /** Whether TypeScript was asked for: before, nothing is loaded. */
  get isStarted(): boolean {
    return this.#worker !== undefined;
  }

  /** Loads TypeScript. */
  start(): void {
    if (this.#worker !== undefined) return;
    let worker: Worker;
    try {
      worker = new Worker(new URL("./main.ts", import.meta.url), { type: "module", name: "types" });
    } catch {
      // The program cannot run either then, and the page says why.
      return;
    }
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<TypesAnswer>) => {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    });
    worker.addEventListener("error", (event) => {
      // The editor works without types.
      event.preventDefault();
      for (const answer of this.#waiting.values()) answer(NOTHING);
      this.#waiting.clear();
    });
  }

  /** Returns what TypeScript says about files; nothing before it was started. */
  ask(files: Files, question: TypesQuestion): Promise<TypesAnswer> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(NOTHING);
    const request: TypesRequest = { id: ++this.#ids, files, question };
    return new Promise((answer) => {
      this.#waiting.set(request.id, answer);
      worker.postMessage(request);
    });
  }
}
