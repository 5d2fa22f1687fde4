/** The smallest module of WebAssembly. */
const EMPTY_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

/**
 * Returns why a content security policy keeps the playground from running; `undefined` if none does.
 * PGlite would wait for ever where WebAssembly is forbidden.
 */
export function forbiddenByPolicy(): string | undefined {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch {
    return "The Content-Security-Policy of this site forbids WebAssembly, which the databases are " +
      "made of. It needs 'wasm-unsafe-eval' in script-src.";
  }
  try {
    new Function("");
  } catch {
    return "The Content-Security-Policy of this site forbids code that is made from text, which " +
      "the program in the editor is. It needs 'unsafe-eval' in script-src.";
  }
  return undefined;
}
