import type { Plugin } from "@kysera/executor";
import type { Recorder } from "./_recorder.ts";

const RECORDERS: WeakMap<Plugin, Recorder> = new WeakMap();

/** Remembers which recorder a plugin writes to. */
export function register(plugin: Plugin, recorder: Recorder): void {
  RECORDERS.set(plugin, recorder);
}

/** The recorder among plugins. */
export function recorderOf(plugins: readonly Plugin[]): Recorder | undefined {
  for (const plugin of plugins) {
    const recorder = RECORDERS.get(plugin);
    if (recorder !== undefined) return recorder;
  }
  return undefined;
}
