/**
 * What stands in a browser for the modules of Node that tests import: nothing of them is used there.
 *
 * @module
 */
export const env: Readonly<Record<string, string>> = {};
export const pid = 1;
export const argv: readonly string[] = [];
export const readFile = (): Promise<never> => Promise.reject(new Error("There are no files"));
const nothing: object = {
  env,
  pid,
  argv,
  once: (): void => {},
  off: (): void => {},
  versions: {},
};

export default nothing;
