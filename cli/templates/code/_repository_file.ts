import { propertyName } from "../../types/_names.ts";
import type { CodeColumn, CodeRelation } from "./_code_relation.ts";
import { callText, importText, objectText } from "./_layout.ts";
import { commentText, schemaNames } from "./_schema_file.ts";
import { keyEntries } from "./_sample_row.ts";

/** How the repository of a table is written. */
export interface RepositoryFileOptions {
  /** How the file of types is imported. */
  readonly typesImport: string;
  /** How the file of the schemas is imported; absent where inputs are not validated. */
  readonly schemasImport: string | undefined;
  /** Whether there is a function that reads pages. */
  readonly withPagination: boolean;
  /** Whether there is a function that restores rows. */
  readonly withSoftDelete: boolean;
  /** The schema of the database, where it was named. */
  readonly schema: string | undefined;
}

/** The names of what the file of a repository exports. */
export function repositoryNames({ typeName }: CodeRelation): {
  readonly repository: string;
  readonly page: string;
  readonly restore: string;
} {
  const start = typeName.charAt(0).toLowerCase() + typeName.slice(1);
  return { repository: `${start}Repository`, page: `${start}Page`, restore: `restore${typeName}` };
}

/** What needs no key. */
const READING = [
  ...["find", "findAll", "findAndCount", "findOne", "findOneOrThrow", "one", "maybe"],
  ...["count", "exists", "groupBy", "query"],
];

/** Returns the file with the repository of a table, or of a view, which is only read. */
export function repositoryFile(relation: CodeRelation, options: RepositoryFileOptions): string {
  const { name, isView, key } = relation;
  const names = repositoryNames(relation);
  const about = `"${commentText(name)}"`;
  const isWhole = relation.isWritable && key.length > 0;
  const isValidated = relation.isWritable && options.schemasImport !== undefined;
  const schemas = schemaNames(relation);
  const codecs = relation.columns.flatMap((column) => codecEntry(column));
  const config = [
    `tableName: ${JSON.stringify(relation.property)}`,
    ...keyEntries(relation),
    ...options.schema === undefined ? [] : [`schema: ${JSON.stringify(options.schema)}`],
    ...codecs.length === 0 ? [] : [`codecs: ${objectText(codecs, { indent: "    ", before: 12 })}`],
    ...isValidated ? [`schemas: { create: ${schemas.created}, update: ${schemas.changed} }`] : [],
  ];
  const made = `createRepository(db, ${
    objectText(config, { indent: "  ", before: 29, after: 2 })
  })`;
  const hasRestore = options.withSoftDelete && isWhole;
  const parts = [
    importsText(options, codecs, isValidated ? schemas : undefined, hasRestore),
    isWhole
      ? `/** Reads and writes rows of ${about}: in a database, or in a transaction. */\n` +
        `export function ${names.repository}(db: Kysely<DB>) {\n  return ${made};\n}`
      : partText(relation, names.repository, about, made),
  ];
  if (isWhole && options.withPagination) {
    const orderBy = key.map((property) => `{ column: ${JSON.stringify(property)} }`);
    parts.push(
      `/** Returns a page of ${about} in the order of the key, and the cursor of the next one. */\n` +
        `export function ${names.page}(\n  db: Kysely<DB>,\n` +
        "  options: { readonly limit?: number; readonly cursor?: string } = {},\n) {\n" +
        `  return ${names.repository}(db).paginateCursor({\n` +
        `    ${
          callText("orderBy: ", ["[", "]"], orderBy, { indent: "    ", before: 4 })
        },\n    ...options,\n  });\n}`,
    );
  }
  if (hasRestore) {
    const handle = options.schema === undefined
      ? "db"
      : `db.withSchema(${JSON.stringify(options.schema)})`;
    parts.push(
      `/** Brings back what was deleted of ${about}; returns how many rows. */\n` +
        `export function ${names.restore}(\n  db: Kysely<DB>,\n` +
        `  rows: RowSelector<DB, ${JSON.stringify(relation.property)}>,\n): Promise<number> {\n` +
        `  return restore(${handle}, ${JSON.stringify(relation.property)}, rows);\n}`,
    );
  }
  return `${parts.join("\n\n")}\n`;

  function partText(part: CodeRelation, made_: string, text: string, creation: string): string {
    const methods = [
      ...READING,
      ...part.isWritable ? ["createMany", "deleteWhere", "updateWhere"] : [],
    ]
      .sort();
    const list = methods.map((method) => `    ${method},\n`).join("");
    const why = isView
      ? `/** Reads rows of the view ${text}. */`
      : part.isWritable
      ? `/**\n * Reads and writes rows of ${text}. They have no primary key: they are found by conditions, and\n` +
        " * added by `createMany(rows, { skipDuplicates: true })`.\n */"
      : `/** Reads rows of ${text}, which has columns that a repository cannot write. */`;
    return `${why}\nexport function ${made_}(db: Kysely<DB>) {\n  const {\n${list}  } = ${creation};\n` +
      `  return {\n${list}  };\n}`;
  }
}

function importsText(
  { typesImport, schemasImport }: RepositoryFileOptions,
  codecs: readonly string[],
  schemas: { readonly created: string; readonly changed: string } | undefined,
  hasRestore: boolean,
): string {
  const has = (name: string): boolean => codecs.some((entry) => entry.includes(`: ${name}`));
  const names = [
    "createRepository",
    ...has("enumArray<") ? ["enumArray"] : [],
    ...has("json<") ? ["json", "type JsonValue"] : [],
  ];
  return [
    ...hasRestore ? ['import type { RowSelector } from "@kysera/executor";'] : [],
    importText(names, "@kysera/repository"),
    ...hasRestore ? ['import { restore } from "@kysera/soft-delete";'] : [],
    'import type { Kysely } from "kysely";',
    ...schemas === undefined ? [] : [
      importText([schemas.created, schemas.changed].sort(), schemasImport!),
    ],
    `import type { DB } from ${JSON.stringify(typesImport)};`,
  ].join("\n");
}

function codecEntry({ property, codec, values }: CodeColumn): string[] {
  switch (codec) {
    case "json":
      return [`${propertyName(property)}: json<JsonValue>()`];
    case "enumArray": {
      const type = values.map((value) => JSON.stringify(value)).join(" | ");
      return [`${propertyName(property)}: enumArray<${type || "never"}>()`];
    }
    default:
      return [];
  }
}
