import type { Check } from "../_check.ts";
import { isBefore } from "../_versions.ts";

/** A published vulnerability of Kysely. */
interface Advisory {
  readonly id: string;
  readonly what: string;
  /** The first version that has it. */
  readonly since: string;
  /** The first version that does not have it any more. */
  readonly fixed: string;
  /** Where it is published. */
  readonly source: string;
}

/** https://github.com/kysely-org/kysely/security/advisories, up to 2026-11. */
export const ADVISORIES: readonly Advisory[] = [
  {
    id: "CVE-2026-32763",
    what: "keys of JSON paths can hold SQL, on MySQL and SQLite",
    since: "0.26.0",
    fixed: "0.28.12",
    source: "https://github.com/advisories/GHSA-wmrf-hv6w-mr66",
  },
  {
    id: "CVE-2026-33468",
    what: "a backslash in a literal can hold SQL, on MySQL",
    since: "0.0.0",
    fixed: "0.28.14",
    source: "https://github.com/advisories/GHSA-8cpq-38p9-67gx",
  },
  {
    id: "CVE-2026-44635",
    what: "keys of JSON paths can lead to other members",
    since: "0.26.0",
    fixed: "0.28.17",
    source: "https://github.com/advisories/GHSA-pv5w-4p9q-p3v2",
  },
];

/** A version of Kysely with a published vulnerability. */
export const vulnerableKysely: Check = {
  id: "vulnerable-kysely",
  severity: "error",
  reason: "The vulnerability is published, and so is what can be done with it.",
  find: ({ facts: { kysely } }) =>
    kysely === undefined
      ? []
      : ADVISORIES.filter(({ since, fixed }) => !isBefore(kysely, since) && isBefore(kysely, fixed))
        .map(({ id, what, fixed, source }) => ({
          table: undefined,
          message: `Kysely ${kysely} has ${id}: ${what}`,
          fix: `Upgrade kysely to ${fixed} or later: ${source}`,
        })),
};
