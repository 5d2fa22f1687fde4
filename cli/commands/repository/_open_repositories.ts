import { didYouMean } from "@kysera/core";
import type { Kysely } from "kysely";
import { resolve } from "node:path";
import { reading } from "../../connect/_sessions.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Option, text } from "../../contract/_options.ts";
import type { Context } from "../../program/_context.ts";
import { findModules } from "../../repositories/_find_modules.ts";
import { type FoundRepository, loadRepositories } from "../../repositories/_load_repositories.ts";

/** How long functions that create repositories can take, in milliseconds. */
const PATIENCE = 60_000;

/** The options that say where repositories are. */
export const REPOSITORY_OPTIONS: {
  readonly directory: Option<string>;
  readonly pattern: Option<string | undefined>;
  readonly file: Option<string | undefined>;
  readonly schema: Option<string | undefined>;
} = {
  directory: text("-d, --directory <path>", "the folder with the modules", { default: "src" }),
  pattern: text("-p, --pattern <glob>", "only these modules: **/*Repository.ts"),
  file: text("-f, --file <path>", "only this module"),
  schema: text("-s, --schema <name>", "names without a schema mean this one"),
};

/** What the options say. */
export interface RepositoryRequest {
  readonly directory: string;
  readonly pattern: string | undefined;
  readonly file: string | undefined;
  readonly schema: string | undefined;
  /** The only repository that is meant. */
  readonly name?: string | undefined;
}

/**
 * Finds the repositories of the project, and calls back with them while the database cannot be written:
 * a function that does more than create a repository fails.
 *
 * @throws {CliError} if the one that is meant is not there
 */
export async function withRepositories<T>(
  context: Context,
  request: RepositoryRequest,
  work: (repositories: readonly FoundRepository[], db: Kysely<any>) => Promise<T>,
): Promise<T> {
  const { cwd } = context.host;
  const { root } = await context.settings();
  const files = request.file === undefined
    ? findModules(resolve(root, request.directory), request.pattern)
    : [resolve(cwd, request.file)];
  const { db } = await context.open({
    missing: "refuse",
    schema: request.schema,
    readOnly: true,
  });
  return await reading(db, PATIENCE, async (session) => {
    const { repositories, skipped } = await loadRepositories(files, session, root);
    for (const { name, file, reason } of skipped) {
      context.warn(`${name} of ${file} creates no repository by itself: ${reason}`);
    }
    return await work(meant(repositories, request.name), session);
  });
}

/** Returns the repositories of a name: of the export, or of the table. */
function meant(
  repositories: readonly FoundRepository[],
  name: string | undefined,
): readonly FoundRepository[] {
  if (name === undefined) return repositories;
  const found = repositories.filter((each) => each.name === name || each.table === name);
  if (found.length > 0) return found;
  const known = repositories.flatMap((each) => [each.name, each.table]);
  throw usageError(`There is no repository "${name}"${didYouMean(name, known)}`, {
    hint: "`kysera repository list` lists them.",
  });
}

/** Said where none was found. */
export const NONE: string =
  "There are no repositories: no module that imports @kysera/repository exports " +
  "one, or a function that creates one of a database";
