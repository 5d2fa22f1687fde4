/**
 * `deno task bench:migrators`: Kysely's Migrator and the runner of `@kysera/migrations` side by side,
 * where several processes migrate one database at once, or one of them dies.
 *
 * `--write` writes `docs/migrators.md`, `--rounds 3` runs fewer rounds, `--only killed` one set-up.
 * Servers are those of `KYSERA_TEST_POSTGRES_URL` and `KYSERA_TEST_MYSQL_URL`; `deno task db:start`
 * starts some.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "../../scripts/workspace.ts";
import { thisMachine } from "../_report.ts";
import { type Compared, markdown } from "./_page.ts";
import { type Round, runRound } from "./_round.ts";
import { SET_UPS } from "./_setups.ts";
import type { RunnerName } from "./_task.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const compared: Compared[] = [];
for (const setUp of SET_UPS) {
  if (flags.only.length > 0 && !flags.only.includes(setUp.name)) continue;
  const missing = setUp.missing();
  if (missing !== undefined) {
    console.log(`${setUp.title}: left out, ${missing}`);
    continue;
  }
  const rounds: Record<RunnerName, Round[]> = { kysely: [], kysera: [] };
  for (let i = 0; i < Number(flags.rounds ?? setUp.rounds); i++) {
    for (const runner of ["kysely", "kysera"] as const) {
      const database = await setUp.open();
      try {
        const task = { ...setUp.task, runner, url: database.url };
        rounds[runner].push(await runRound(task, setUp.processes, database.locks));
      } finally {
        await database.close();
      }
    }
  }
  compared.push({ setUp, rounds });
  console.log(markdown([compared.at(-1)!], undefined));
}
if (flags.write) {
  const lock = JSON.parse(readFileSync(join(ROOT, "deno.lock"), "utf8"));
  const version = Object.entries(lock.specifiers).find(([name]) => name.startsWith("npm:kysely@"))
    ?.[1];
  const page = join(ROOT, "docs", "migrators.md");
  const { runtime, cores } = thisMachine();
  const machine = `${runtime} on ${cores} cores`;
  writeFileSync(page, markdown(compared, { kysely: String(version), machine }));
  console.log(`Written: ${page}; format it with deno fmt`);
}
const isBad = (round: Round): boolean =>
  round.ranTwice || round.failed || round.hung || round.leftLock || round.nextFailed;
if (compared.some(({ rounds }) => rounds.kysera.some(isBad))) process.exitCode = 1;
