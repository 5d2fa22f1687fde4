import type { Dialect, Driver } from "kysely";
import type { FaultyDriver } from "./_faulty_driver.ts";
import type { DriverCall, Fault } from "./fault_plan.ts";
import { faultyDialect } from "./faulty_dialect.ts";
import type { Faults } from "./for_each_fault.ts";

/** One run of a scenario, which counts the calls of all of its dialects together. */
export class FaultRun implements Faults {
  readonly fault: Fault | undefined;
  readonly #at: number;
  #struck: DriverCall | undefined;
  #armed = false;
  #calls = 0;
  readonly #drivers: FaultyDriver[] = [];

  constructor(fault: Fault | undefined, at: number) {
    this.fault = fault;
    this.#at = at;
  }

  /** How many calls were counted. */
  get calls(): number {
    return this.#calls;
  }

  get struck(): DriverCall | undefined {
    return this.#struck;
  }

  wrap(dialect: Dialect): Dialect {
    const faulty = faultyDialect(dialect, (call) => this.#next(call));
    return {
      ...faulty,
      createDriver: (): Driver => {
        // faultyDialect makes no other driver.
        const driver = faulty.createDriver() as FaultyDriver;
        this.#drivers.push(driver);
        return driver;
      },
    };
  }

  async during<T>(work: () => Promise<T>): Promise<PromiseSettledResult<T>> {
    if (this.#armed) throw new Error("Cannot call during() within during()");
    this.#armed = true;
    let outcome: PromiseSettledResult<T>;
    try {
      [outcome] = await Promise.allSettled([work()]) as [PromiseSettledResult<T>];
    } finally {
      this.#armed = false;
    }
    if (outcome.status === "rejected" && this.fault === undefined) throw outcome.reason;
    for (const driver of this.#drivers) {
      if (driver.held > 0) {
        throw new Error(`The work did not give back ${driver.held} connections that it took`);
      }
      if (driver.leftOpen > 0) {
        throw new Error(`The work gave back ${driver.leftOpen} connections in a transaction`);
      }
    }
    return outcome;
  }

  /** The fault and its call, in words. */
  describe(): string {
    const { how, when = "before" } = this.fault!;
    const what = how === "cut" ? "the connection is cut" : how === "fail" ? "it fails" : "it waits";
    const sql = this.#struck?.sql === undefined ? "" : `, ${this.#struck.sql}`;
    return `where ${what} ${when} driver call ${this.#at} (${this.#struck?.kind}${sql})`;
  }

  #next(call: DriverCall): Fault | undefined {
    if (!this.#armed) return undefined;
    const number = ++this.#calls;
    if (number !== this.#at) return undefined;
    this.#struck = { ...call, number };
    return this.fault;
  }
}
