import { isPromise } from "./is_promise.ts";
import { BadRequestError } from "./errors/bad_request_error.ts";
import { didYouMean } from "./near_names.ts";

/** How much of an unknown name is shown. */
const LONGEST_NAME = 100;

/** How {@linkcode assertKnownOptions} words and creates its error. */
export interface KnownOptionsMessage {
  /** What fails; the message begins with `Cannot <action>: `. Default: it is left to `makeError`. */
  readonly action?: string | undefined;
  /** What the option would be of, such as `"retry"` in quotes: `"retry" has no option "x"`. */
  readonly subject?: string | undefined;
  /** Creates the error. Default: a {@linkcode BadRequestError}. */
  readonly makeError?: ((message: string) => Error) | undefined;
}

/**
 * Throws if an object of options has one that does not exist: a misspelt option would otherwise do
 * nothing, and nobody would know.
 *
 * @param options what was given
 * @param known the names of all options
 * @param message how the error is worded and created
 * @throws {BadRequestError} if `options` is not an object, or has another option, unless `makeError`
 * creates another error
 *
 * @example
 * ```ts
 * import { assertKnownOptions, BadRequestError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const open = (options: object) =>
 *   assertKnownOptions(options, ["host", "port"], { action: "open the connection" });
 *
 * open({ port: 5432 });
 * assert.throws(() => open({ prot: 5432 }), new BadRequestError(
 *   'Cannot open the connection: there is no option "prot"; the options are "host", "port" ' +
 *     '(did you mean "port"?)',
 * ));
 * ```
 */
export function assertKnownOptions(
  options: unknown,
  known: readonly string[],
  message: KnownOptionsMessage,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw errorOf("the options are not an object", message);
  }
  if (isPromise(options)) throw errorOf("the options are a promise; await it first", message);
  for (const key of Reflect.ownKeys(options)) {
    if (typeof key === "string" && known.includes(key)) continue;
    // What is not enumerable was not written by whoever wrote the options.
    if (!Object.prototype.propertyIsEnumerable.call(options, key)) continue;
    // What stands in a request may be of any length.
    const name = String(key).slice(0, LONGEST_NAME);
    const subject = message.subject === undefined ? "there is" : `${message.subject} has`;
    throw errorOf(
      `${subject} no option "${name}"; the options are ` +
        known.map((option) => `"${option}"`).join(", ") + didYouMean(name, known),
      message,
    );
  }
}

function errorOf(problem: string, { action, makeError }: KnownOptionsMessage): Error {
  const message = action === undefined ? problem : `Cannot ${action}: ${problem}`;
  return makeError?.(message) ?? new BadRequestError(message);
}
