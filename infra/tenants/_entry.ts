import type { CompiledQuery } from "kysely";
import { isPlainRead } from "../replicas/_is_plain_read.ts";
import { raceAbort } from "../_abort.ts";
import { TenantUnavailableError } from "./errors.ts";
import type { TenantHome } from "./tenant_place.ts";

const NO_FUNCTIONS: ReadonlySet<string> = new Set();

/** A tenant that somebody uses, or whose place is remembered. */
export class TenantEntry {
  /** Where it is, if that is remembered. */
  home: TenantHome | undefined;
  /** Until when that holds. */
  until: number = -Infinity;
  /** Whether only reads run: it is being moved, here or by another process. */
  isFrozen: boolean = false;
  /** Whether a call of this process moves or drops it. */
  isBusy: boolean = false;
  /** Rises when the tenant has moved: leases from before are refused. */
  generation: number = 0;
  leases: number = 0;
  /** How many queries and transactions run. */
  #running = 0;
  #quiet: (() => void) | undefined;

  /** Notes that something begins; returns what to call when it has ended. */
  begin(query: CompiledQuery | undefined, isInside: boolean): () => void {
    if (isInside) return nothing;
    if (this.isFrozen) {
      if (query !== undefined && isPlainRead(query.query, NO_FUNCTIONS)) return nothing;
      throw new TenantUnavailableError("moving");
    }
    this.#running++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      if (--this.#running === 0) this.#quiet?.();
    };
  }

  /** Waits until nothing runs that began before the tenant was frozen. */
  async quiet(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running === 0) return;
    await raceAbort(new Promise<void>((resolve) => this.#quiet = resolve), signal);
  }
}

function nothing(): void {}
