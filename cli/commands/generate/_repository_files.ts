import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageManager } from "../../connect/_import_driver.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { flag, type Option, text } from "../../contract/_options.ts";
import type { Context } from "../../program/_context.ts";
import type { CodeRelation } from "../../templates/code/_code_relation.ts";
import { repositoryFile } from "../../templates/code/_repository_file.ts";
import { repositoryTestFile } from "../../templates/code/_repository_test_file.ts";
import { testDatabaseFile } from "../../templates/code/_test_database_file.ts";
import { importOf, type OpenedCode } from "./_open_code.ts";
import type { CodeFile } from "./_written_files.ts";

/** The options that say what a repository has. */
export const REPOSITORY_OPTIONS: {
  readonly withValidation: Option<boolean>;
  readonly withPagination: Option<boolean>;
  readonly withSoftDelete: Option<boolean>;
  readonly withTimestamps: Option<boolean>;
  readonly test: Option<boolean>;
  readonly testDir: Option<string>;
} = {
  withValidation: flag("--no-with-validation", "validate no inputs"),
  withPagination: flag("--no-with-pagination", "write no function that reads pages"),
  withSoftDelete: flag("--with-soft-delete", "write a function that restores rows"),
  withTimestamps: flag("--no-with-timestamps", "let rows be given created_at and updated_at"),
  test: flag("--no-test", "write no tests"),
  testDir: text("--test-dir <folder>", "where tests go", { default: "./test" }),
};

/** What the files of repositories are written with. */
export interface RepositoryRequest {
  /** The folder of the repositories, as it was given. */
  readonly output: string;
  /** The file of types. */
  readonly types: CodeFile;
  /** Returns the path of the schemas of a table; absent where inputs are not validated. */
  readonly schemaPath: ((relation: CodeRelation) => string) | undefined;
  readonly withPagination: boolean;
  readonly withSoftDelete: boolean;
  readonly test: boolean;
  readonly testDir: string;
  /** The schema that was named. */
  readonly schema: string | undefined;
}

/** Returns the files of repositories, with their tests. */
export async function repositoryFiles(
  context: Context,
  { relations, all, snapshot }: OpenedCode,
  request: RepositoryRequest,
): Promise<CodeFile[]> {
  const { types, schemaPath, schema, withPagination } = request;
  const at = (path: string): string => resolve(context.host.cwd, path);
  const files: CodeFile[] = [];
  const database = at(join(request.testDir, "_database.ts"));
  for (const relation of relations) {
    const path = at(join(request.output, `${relation.fileName}.ts`));
    const withSoftDelete = request.withSoftDelete && canBeRestored(relation);
    files.push({
      path,
      text: repositoryFile(relation, {
        typesImport: importOf(path, types.path),
        schemasImport: schemaPath === undefined ? undefined : importOf(path, schemaPath(relation)),
        withPagination,
        withSoftDelete,
        schema,
      }),
    });
    if (!request.test) continue;
    const testPath = at(join(request.testDir, `${relation.fileName}_test.ts`));
    const { text, problem } = repositoryTestFile(relation, {
      relations: all,
      isSqlite: snapshot.dialect === "sqlite",
      schema,
      repositoryImport: importOf(testPath, path),
      typesImport: importOf(testPath, types.path),
      databaseImport: importOf(testPath, database),
      isValidated: schemaPath !== undefined,
      withPagination,
      withSoftDelete,
    });
    if (problem !== undefined) context.warn(`A test of "${relation.name}" is skipped: ${problem}.`);
    files.push({ path: testPath, text });
  }
  if (request.test) {
    files.push({
      path: database,
      text: await databaseText(context, request, database),
      isNeeded: true,
    });
  }
  return files;
}

/**
 * Throws if rows of a table that was named cannot be restored.
 *
 * @throws {CliError} if it has no key, or no column that marks rows as deleted
 */
export function assertRestorable(relations: readonly CodeRelation[]): void {
  const other = relations.find((relation) => !canBeRestored(relation));
  if (other === undefined) return;
  throw usageError(`Rows of "${other.name}" cannot be restored`, {
    hint: "Soft delete needs a primary key and a column deleted_at: leave --with-soft-delete out.",
  });
}

function canBeRestored({ isWritable, key, columns }: CodeRelation): boolean {
  return isWritable && key.length > 0 &&
    columns.some(({ name }) => name === "deleted_at" || name === "deletedAt");
}

async function databaseText(
  context: Context,
  { types, withSoftDelete }: RepositoryRequest,
  path: string,
): Promise<string> {
  const { root, file, migrations } = await context.settings();
  const target = await context.target();
  const hasMigrations = existsSync(migrations.directory) &&
    readdirSync(migrations.directory).length > 0;
  const manager = packageManager(root);
  return testDatabaseFile({
    database: target.kind === "mysql" ? "mariadb" : target.kind,
    runtime: manager === "deno" || manager === "bun" ? manager : "node",
    url: target.label,
    configImport: file === undefined ? undefined : importOf(path, file),
    typesImport: importOf(path, types.path),
    migrationsImport: hasMigrations ? `${importOf(path, migrations.directory)}/` : undefined,
    withSoftDelete,
  });
}
