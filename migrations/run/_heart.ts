import { lockLost } from "./_lock.ts";

/** Says in turn that the runner lives. */
export class Heart {
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #isBeating = false;
  #isLost = false;

  constructor(lease: number, beat: (() => Promise<boolean>) | undefined) {
    if (beat === undefined) return;
    this.#timer = setInterval(() => {
      // With a pool of one connection it waits until the run is over, and then does nothing.
      if (this.#isBeating) return;
      this.#isBeating = true;
      beat().then((isHeld) => this.#isLost ||= !isHeld).catch(() => {})
        .finally(() => this.#isBeating = false);
    }, Math.max(10, lease / 3));
  }

  assertHeld(): void {
    if (this.#isLost) throw lockLost();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
