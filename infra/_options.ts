import { assertKnownOptions, BadRequestError } from "@kysera/core";

/** Says what is wrong with a value, or nothing. */
export type Check = (value: unknown) => string | undefined;

/** The longest time that timers keep, in ms. */
const LONGEST = 2_147_483_647;

/** A time in ms, zero included. */
export const ms: Check = (value) =>
  typeof value === "number" && value >= 0 && value <= LONGEST
    ? undefined
    : `give a number of ms from 0 to ${LONGEST}`;

/** A time in ms that is more than zero. */
export const someMs: Check = (value) =>
  typeof value === "number" && value > 0 && value <= LONGEST
    ? undefined
    : `give a number of ms above 0, at most ${LONGEST}`;

/** A whole number from one. */
export const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 ? undefined : "give a whole number from 1";

/** A whole number from zero. */
export const countOrZero: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : "give a whole number from 0";

/** A number that is not negative. */
export const amount: Check = (value) =>
  typeof value === "number" && value >= 0 && value < Infinity ? undefined : "give a number from 0";

/** A boolean. */
export const flag: Check = (value) => typeof value === "boolean" ? undefined : "give true or false";

/** A function. */
export const callable: Check = (value) =>
  typeof value === "function" ? undefined : "give a function";

/** A string that says something. */
export const text: Check = (value) =>
  typeof value === "string" && value !== "" ? undefined : "give a string";

/** Anything that is not nothing. */
export const something: Check = (value) =>
  (typeof value === "object" && value !== null) || typeof value === "function"
    ? undefined
    : "give an object";

/** An `AbortSignal`. */
export const abortSignal: Check = (value) =>
  value instanceof AbortSignal ? undefined : "give an AbortSignal";

/** A clock. */
export const clock: Check = (value) => withMethods("now", "time", "schedule")(value);

/** A logger. */
export const logger: Check = (value) => withMethods("debug", "info", "warn", "error")(value);

/** An object with these methods. */
export function withMethods(...names: readonly string[]): Check {
  return (value) =>
    typeof value === "object" && value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === "function")
      ? undefined
      : `give an object with ${names.map((name) => `${name}()`).join(", ")}`;
}

/** One of these strings. */
export function oneOf(...values: readonly string[]): Check {
  return (value) =>
    values.includes(value as string)
      ? undefined
      : `give ${values.map((name) => `"${name}"`).join(" or ")}`;
}

/** What one of several checks accepts. */
export function either(...checks: readonly Check[]): Check {
  return (value) => {
    const wrong = checks.map((check) => check(value));
    return wrong.includes(undefined) ? undefined : wrong.join(", or ");
  };
}

/**
 * Checks options: an unknown one is an error, and so is a value that makes no sense. One that is
 * `undefined` is not there.
 */
export function checkOptions(
  action: string,
  options: unknown,
  checks: Readonly<Record<string, Check>>,
): void {
  assertKnownOptions(options, Object.keys(checks), { action });
  for (const [name, value] of Object.entries(options as object)) {
    const wrong = value === undefined ? undefined : checks[name]!(value);
    if (wrong !== undefined) {
      throw new BadRequestError(`Cannot ${action}: "${name}" is ${show(value)}; ${wrong}`);
    }
  }
}

function show(value: unknown): string {
  return typeof value === "string"
    ? `"${value}"`
    : typeof value === "object" && value !== null
    ? "an object"
    : typeof value === "function"
    ? "a function"
    : String(value);
}
