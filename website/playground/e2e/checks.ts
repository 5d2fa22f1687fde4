import process from "node:process";

/** Runs checks by name, and counts them. */
export class Checks {
  readonly #names: readonly string[];
  readonly #limit: number;
  #passed = 0;
  #failed = 0;

  /**
   * @param names parts of the names of the checks to run; all if there are none
   * @param limit how long a check may take, in ms
   */
  constructor(names: readonly string[], limit: number) {
    this.#names = names;
    this.#limit = limit;
  }

  /** Runs a check, unless its name was not asked for. */
  async run(name: string, check: () => Promise<string | void>): Promise<void> {
    if (this.#names.length > 0 && !this.#names.some((part) => name.includes(part))) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end within ${this.#limit} ms`)), this.#limit);
    });
    try {
      const said = await Promise.race([check(), late]);
      this.#passed++;
      console.log(`ok    ${name}${said === undefined ? "" : `: ${said}`}`);
    } catch (error) {
      this.#failed++;
      console.log(`FAIL  ${name}`);
      console.log(error instanceof Error ? error.stack ?? error.message : error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says how many checks there were, and sets the exit code. */
  end(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exitCode = this.#failed === 0 ? 0 : 1;
  }
}
