import type { Kysely } from "kysely";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { ComparedDatabase, DatabaseKind } from "./_databases.ts";
import type { Tools } from "./_tools.ts";

/** A column that the programs write other types of. */
export interface DifferentColumn {
  readonly column: string;
  /** What is done with it: `select`, `insert` or `update`. */
  readonly use: string;
  readonly codegen: string;
  readonly kysera: string;
  /** What the driver returns for it. */
  readonly value: string;
}

/** What both programs make of one database. */
export interface ComparedTypes {
  readonly kind: string;
  /** How many uses of columns there are, and how many of them have the same type. */
  readonly uses: number;
  readonly same: number;
  readonly different: readonly DifferentColumn[];
  /** What the compiler says of each file by itself. */
  readonly errors: { readonly codegen: readonly string[]; readonly kysera: readonly string[] };
}

/** Has both programs write the types of a database, and compares them by the compiler. */
export async function compareTypes(
  tools: Tools,
  kind: DatabaseKind,
  { db, url, codegen }: ComparedDatabase,
): Promise<ComparedTypes> {
  const at = (name: string): string => join(tools.folder, name);
  const runs = [
    await tools.run("kysely-codegen", [...codegen, "--out-file", at("codegen.ts")]),
    await tools.run("kysera", ["generate", "types", "--url", url, "--output", at("kysera.ts")]),
  ];
  for (const { code, output } of runs) if (code !== 0) throw new Error(output);
  const columns = await columnsOf(db);
  writeFileSync(at("compared.ts"), comparison(columns));
  const program = ts.createProgram([at("compared.ts")], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  });
  const checker = program.getTypeChecker();
  const errorsOf = (name: string): string[] =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(at(name)))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  const own = errorsOf("compared.ts");
  if (own.length > 0) throw new Error(own.join("\n"));
  const file = program.getSourceFile(at("compared.ts"))!;
  const all = file.statements.filter(ts.isTypeAliasDeclaration).find(({ name }) =>
    name.text === "Uses"
  )!;
  const uses = checker.getTypeAtLocation(all).getProperties();
  const different: DifferentColumn[] = [];
  for (const use of uses) {
    const pair = checker.getTypeOfSymbolAtLocation(use, all) as ts.TypeReference;
    const [a, b] = checker.getTypeArguments(pair) as [ts.Type, ts.Type];
    if (checker.isTypeAssignableTo(a, b) && checker.isTypeAssignableTo(b, a)) continue;
    const [column, what] = use.name.split(" as ") as [string, string];
    const text = (type: ts.Type) =>
      checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
    different.push({
      column,
      use: what,
      codegen: text(a),
      kysera: text(b),
      value: columns.find((each) => each.name === column)!.value,
    });
  }
  return {
    kind: kind.name,
    uses: uses.length,
    same: uses.length - different.length,
    different,
    errors: { codegen: errorsOf("codegen.ts"), kysera: errorsOf("kysera.ts") },
  };
}

interface Column {
  readonly name: string;
  readonly table: string;
  readonly column: string;
  readonly value: string;
}

/** Every column of every table and view, with what the driver returns for it. */
async function columnsOf(db: Kysely<any>): Promise<Column[]> {
  const tables = await db.introspection.getTables();
  const names = [...tables.map(({ name }) => name)].sort();
  // Kysely's introspection leaves materialized views out.
  if (names.includes("users") && await hasTable(db, "user_count")) names.push("user_count");
  const columns: Column[] = [];
  for (const table of new Set(names)) {
    const row = await db.selectFrom(table).selectAll().executeTakeFirst();
    for (const [column, value] of Object.entries(row ?? {})) {
      columns.push({ name: `${table}.${column}`, table, column, value: kindOf(value) });
    }
  }
  return columns;
}

async function hasTable(db: Kysely<any>, table: string): Promise<boolean> {
  return await db.selectFrom(table).selectAll().execute().then(() => true, () => false);
}

/** What a value is, as a type is written. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `${kindOf(value[0])}[]`;
  if (value instanceof Uint8Array) return "Uint8Array";
  return typeof value === "object" ? value.constructor.name : typeof value;
}

function comparison(columns: readonly Column[]): string {
  const lines = columns.flatMap(({ name, table, column }) =>
    ["Selectable", "Insertable", "Updateable"].map((use) => {
      const what = { Selectable: "select", Insertable: "insert", Updateable: "update" }[use];
      const key = JSON.stringify(table);
      const at = (db: string) =>
        `At<${use}<At<${db}, ${key}> & object>, ${JSON.stringify(column)}>`;
      return `  ${JSON.stringify(`${name} as ${what}`)}: [${at("A")}, ${at("B")}];\n`;
    })
  );
  return `import type { Insertable, Selectable, Updateable } from "kysely";
import type { DB as A } from "./codegen.ts";
import type { DB as B } from "./kysera.ts";
type At<T, K> = K extends keyof T ? T[K] : "not there";
export type Uses = {
${lines.join("")}};
`;
}
