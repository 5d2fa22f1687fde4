import { usageError } from "../contract/_cli_error.ts";
import type { Option } from "../contract/_options.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads a duration: `90s`, `15m`, `12h`, `7d`, `2w`; returns milliseconds. */
export function durationOf(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * UNITS[unit!]!;
}

/** An option with a duration, in milliseconds. */
export function duration(flags: string, description: string): Option<number | undefined> {
  return {
    flags,
    description,
    parse: (text) => {
      const found = durationOf(text);
      if (found === undefined) {
        throw usageError(`"${text}" is not a duration`, { hint: "Write 90s, 15m, 12h, 7d or 2w." });
      }
      return found;
    },
  };
}

/** An option with a time: in ISO 8601, or a duration that has passed since. */
export function time(flags: string, description: string): Option<Date | undefined> {
  return {
    flags,
    description,
    parse: (text) => {
      const ago = durationOf(text);
      const found = ago === undefined ? new Date(text) : new Date(Date.now() - ago);
      if (/^\d{4}-\d\d/.test(text) || ago !== undefined) {
        if (!Number.isNaN(found.getTime())) return found;
      }
      throw usageError(`"${text}" is not a time`, {
        hint: "Write 2026-01-31, 2026-01-31T12:00:00Z, or 7d for a week ago.",
      });
    },
  };
}
