/**
 * Where the site is built.
 *
 * @module
 */
import { join } from "node:path";
import { ROOT } from "../workspace.ts";

/** The sources of the site. */
export const WEBSITE: string = join(ROOT, "website");

/** What is generated: the pages, and what VitePress makes of them. */
export const GENERATED: string = join(WEBSITE, ".site");

/** The pages that VitePress reads. */
export const PAGES: string = join(GENERATED, "pages");

/** The built site. */
export const DIST: string = join(GENERATED, "dist");

/** The built playground, a program of its own that the site serves as `playground/`. */
export const PLAYGROUND: string = join(WEBSITE, "playground/dist");
