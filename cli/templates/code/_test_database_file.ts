import type { ProjectDatabaseName, Runtime } from "../project/_choice.ts";
import { traitsOf } from "../project/_databases.ts";

/** How the database of the tests is opened. */
export interface TestDatabaseOptions {
  /** What kind of database it is; `kysely` where the configuration opens it. */
  readonly database: ProjectDatabaseName | "kysely";
  readonly runtime: Runtime;
  /** Its URL, without a password. */
  readonly url: string;
  /** How the configuration is imported. */
  readonly configImport: string | undefined;
  readonly typesImport: string;
  /** How the folder of the migrations is reached; absent where there are none. */
  readonly migrationsImport: string | undefined;
  readonly withSoftDelete: boolean;
}

/** Returns the file that opens the database of the tests. */
export function testDatabaseFile(options: TestDatabaseOptions): string {
  const { database, runtime, typesImport, migrationsImport, withSoftDelete } = options;
  const isConfigured = database === "kysely";
  const traits = isConfigured
    ? undefined
    : traitsOf({ database, runtime, name: "test", template: "basic", plugins: [] });
  // What is in memory begins with the migrations.
  const isInMemory = migrationsImport !== undefined && traits?.testUrl !== undefined;
  const url = isInMemory
    ? `  const url = ${JSON.stringify(traits.testUrl)};\n`
    : `  const url = process.env["TEST_DATABASE_URL"] ??\n    process.env["DATABASE_URL"] ??\n` +
      `    ${JSON.stringify(options.url)};\n`;
  const plain = isConfigured
    ? "  const db: Kysely<DB> = await config.database!.kysely!();\n"
    : `${url}  const dialect = ${
      traits!.dialect.replaceAll("\n", "\n  ").replaceAll("\n    ", "\n  ")
    };\n` +
      "  const db = new Kysely<DB>({ dialect });\n";
  const runs = migrationsImport === undefined ? "" : `  const migrations = folderOfMigrations(
    new URL(${JSON.stringify(migrationsImport)}, import.meta.url),
  );
  await createMigrationRunner(db, migrations).up();
`;
  const needsProcess = !isConfigured && !isInMemory;
  const imports = [
    ...traits?.imports ?? [],
    ...traits === undefined ? [] : [`import { ${traits.dialectName} } from "@kysera/dialects";`],
    ...withSoftDelete && !isConfigured
      ? ['import { createExecutor } from "@kysera/executor";']
      : [],
    ...migrationsImport === undefined ? [] : [
      'import { createMigrationRunner } from "@kysera/migrations";',
      'import { folderOfMigrations } from "@kysera/migrations/files";',
    ],
    ...withSoftDelete && !isConfigured
      ? ['import { softDeletePlugin } from "@kysera/soft-delete";']
      : [],
    `import ${isConfigured ? "type " : ""}{ Kysely } from "kysely";`,
    ...needsProcess ? ['import process from "node:process";'] : [],
    ...isConfigured ? [`import config from ${JSON.stringify(options.configImport)};`] : [],
    `import type { DB } from ${JSON.stringify(typesImport)};`,
  ];
  const returned = withSoftDelete && !isConfigured
    ? '  return await createExecutor(db, [softDeletePlugin({ onDelete: "soft" })]);\n'
    : "  return db;\n";
  const what = isInMemory ? ", in memory, with every migration applied" : "";
  const isAsync = migrationsImport !== undefined || isConfigured || withSoftDelete;
  return `${imports.join("\n")}

/** Opens the database of the tests${what}. */
export ${isAsync ? "async " : ""}function openTestDatabase(): Promise<Kysely<DB>> {
${plain}${runs}${isAsync ? returned : "  return Promise.resolve(db);\n"}}
`;
}
