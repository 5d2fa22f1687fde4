/**
 * Where the project lives: the one place that says so.
 *
 * @module
 */

/** The address of the repository. */
export const REPOSITORY = "https://github.com/kysera/kysera";

const [owner, name] = new URL(REPOSITORY).pathname.slice(1).split("/");

/** The address of the documentation site, with a slash at its end. */
export const SITE: string = `https://${owner}.github.io/${name}/`;

/** What people search for; each package adds what it is called. */
export const KEYWORDS: readonly string[] = [
  ...["kysely", "kysera", "sql", "typescript", "database"],
  ...["postgresql", "mysql", "mariadb", "sqlite", "deno", "bun", "edge"],
];
