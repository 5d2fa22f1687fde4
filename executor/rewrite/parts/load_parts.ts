import type { PartName, RewriteParts } from "./parts.ts";

/** Loads each part: bundlers make files of their own of what is imported like this. */
const LOAD: { readonly [Name in PartName]-?: () => Promise<Pick<RewriteParts, Name>> } = {
  raw: async () => ({ raw: (await import("./raw.ts")).RAW }),
  intercept: async () => ({ intercept: (await import("./intercept.ts")).INTERCEPT }),
  assign: async () => ({ assign: (await import("./assign.ts")).ASSIGN }),
  check: async () => ({ check: (await import("./check.ts")).CHECK }),
  mask: async () => ({ mask: (await import("./mask.ts")).MASK }),
};

/** Returns the parts of these names. */
export async function loadParts(names: readonly PartName[]): Promise<RewriteParts> {
  return Object.assign({}, ...await Promise.all(names.map((name) => LOAD[name]())));
}
