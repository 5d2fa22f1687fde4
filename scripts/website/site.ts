/**
 * What the site is called and where it is served.
 *
 * @module
 */
import { SITE } from "../repository.ts";

/** The name of the site. */
export const TITLE = "Kysera";

/** What Kysera is, in one sentence. */
export const DESCRIPTION =
  "Type-safe data access for TypeScript on Kysely, with plugins that no query can bypass: soft delete, row-level security, audit and timestamps.";

/** The path that the site is served under. */
export const BASE: string = new URL(SITE).pathname;
