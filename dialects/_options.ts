import { assertKnownOptions } from "@kysera/core";

/**
 * Refuses options that do not exist: an option with a typing error would silently do nothing.
 *
 * @param name The function that was called, for the message.
 * @param options What it was given.
 * @param known The options it has.
 * @throws {TypeError} If there is another option, or no options object at all.
 */
export function refuseUnknownOptions(
  name: string,
  options: unknown,
  known: readonly string[],
): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot call ${name}: it needs an object with ${known.join(", ")}`);
  }
  assertKnownOptions(options, known, {
    action: `call ${name}`,
    subject: "it",
    makeError: TypeError,
  });
}
