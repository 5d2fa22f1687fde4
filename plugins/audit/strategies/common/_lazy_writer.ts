import type { Writer } from "../strategy.ts";

/** Returns a writer that is loaded when it has its first write to do. */
export function lazyWriter(load: () => Promise<Writer>): Writer {
  let loading: Promise<Writer> | undefined;
  return async (work) => {
    // What could not be loaded is tried again for the next write.
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
    return await (await loading)(work);
  };
}
