/**
 * A mistake in the executor itself: queries that are rewritten one inside another share what should
 * belong to each of them, as if it were kept in a field and not in a pass.
 */
import { Pass, Usage } from "../../executor/rewrite/_pass.ts";

/** What the passes share: the one that began last decides. */
export type Shared = "what they have used" | "what is left to be checked";

/** Runs something while passes share a part of their state. */
export async function sharingPasses<T>(shared: Shared, run: () => Promise<T>): Promise<T> {
  const { start } = Pass;
  const checks = Object.getOwnPropertyDescriptor(Pass.prototype, "checks")!;
  const left = Object.getOwnPropertyDescriptor(Pass.prototype, "checksLeft")!;
  const usage = new Usage();
  let last: Pass | undefined;
  Pass.start = (...args) => {
    const pass = last = start.apply(Pass, args);
    if (shared === "what they have used") {
      Object.assign(usage, new Usage());
      Object.defineProperty(pass, "usage", { value: usage });
    }
    return pass;
  };
  if (shared === "what is left to be checked") {
    const of = (getter: PropertyDescriptor) => ({
      ...getter,
      get: (): unknown => getter.get!.call(last),
    });
    Object.defineProperties(Pass.prototype, { checks: of(checks), checksLeft: of(left) });
  }
  try {
    return await run();
  } finally {
    Pass.start = start;
    Object.defineProperties(Pass.prototype, { checks, checksLeft: left });
  }
}
