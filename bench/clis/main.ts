/**
 * `deno task bench:clis`: kysely-ctl, kysely-codegen and kysera side by side, on one database each.
 *
 * `--write` writes `docs/cli-compared.md`. Servers are those of `KYSERA_TEST_POSTGRES_URL` and
 * `KYSERA_TEST_MYSQL_URL`; `deno task db:start` starts some. The programs are installed by npm.
 *
 * @module
 */
import { sql } from "kysely";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "../../scripts/workspace.ts";
import { tryAbilities } from "./_abilities.ts";
import { KINDS } from "./_databases.ts";
import { page } from "./_page.ts";
import { installTools, VERSIONS } from "./_tools.ts";
import { type ComparedTypes, compareTypes } from "./_types.ts";

const { values: flags } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const folder = mkdtempSync(join(tmpdir(), "kysera-clis-"));
try {
  await compare();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compare(): Promise<void> {
  const [postgres] = KINDS;
  for (const { name, missing } of KINDS) {
    const reason = missing();
    if (reason === undefined) continue;
    console.error(`${name} cannot be reached: ${reason}`);
    process.exitCode = 1;
    return;
  }
  const tools = await installTools(folder);
  const types: ComparedTypes[] = [];
  const servers: string[] = [];
  for (const kind of KINDS) {
    const database = await kind.open(folder);
    try {
      servers.push(`${kind.name} ${await kind.version(database.db)}`);
      for (const statement of kind.script) await sql.raw(statement).execute(database.db);
      types.push(await compareTypes(tools, kind, database));
    } finally {
      await database.close();
    }
  }
  const abilities = await tryAbilities(tools, () => postgres!.open(folder));
  const text = page(abilities, types, { versions: VERSIONS, servers });
  console.log(text);
  // What kysera has a command for, it has to do; and its file has to compile.
  const isBad = abilities.some(({ found }) => found.kysera === false) ||
    types.some(({ errors }) => errors.kysera.length > 0);
  if (isBad) process.exitCode = 1;
  if (!flags.write) return;
  const path = join(ROOT, "docs", "cli-compared.md");
  writeFileSync(path, text);
  console.log(`Written: ${path}; format it with deno fmt`);
}
