import type { LoadOptions } from "./run_load.ts";

/** What the tests do: about ten seconds where nothing else runs. */
export const SHORT: LoadOptions = {
  buyers: 20,
  carts: 2,
  products: 10,
  pieces: 10,
  processes: 2,
  kills: 2,
  checkout: "batch",
  deadline: 240_000,
};

/** What `deno task load` does, and the tests with `LOAD=full`. */
export const FULL: LoadOptions = {
  ...SHORT,
  buyers: 200,
  carts: 5,
  pieces: 200,
  kills: 10,
  deadline: 900_000,
};
