import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { TREE } from "../../cli/commands/_tree.ts";
import type { Command, CommandTree } from "../../cli/program/_command.ts";
import { SHARED_OPTIONS } from "../../cli/program/_shared_options.ts";
import { ROOT } from "../../scripts/workspace.ts";

/** The commands of version 0.8, and the flags that each had beside those of all. */
const FORMER: Readonly<Record<string, string>> = {
  "audit cleanup": "--older-than, -t --table, --dry-run, --force, --batch-size, -c --config",
  "audit compare": "--json, --show-values, -c --config",
  "audit diff": "--json, -u --unified, --no-color, -c --config",
  "audit history": "-l --limit, --show-values, --json, --reverse, -c --config, -s --schema",
  "audit logs":
    "-t --table, -u --user, -a --action, -l --limit, --since, --until, -e --entity-id, --json, -v --verbose, -c --config, -s --schema",
  "audit restore": "--dry-run, --force, --json, -c --config",
  "audit stats": "-t --table, -u --user, -p --period, -f --format, -c --config",
  "db console": "-q --query, -c --config",
  "db dump":
    "-o --output, -t --tables, --data-only, --schema-only, -f --format, -c --config, -s --schema",
  "db introspect": "--json, --detailed, -c --config, -s --schema",
  "db reset": "--force, --seed, -c --config, -v --verbose, -s --schema",
  "db restore": "--force, -c --config",
  "db seed":
    "-f --file, -d --directory, --fresh, --dry-run, --transaction, -c --config, -v --verbose, -s --schema",
  "db tables": "--json, -v --verbose, -c --config, -s --schema",
  "debug analyzer":
    "-q --query, -t --table, -e --explain, -s --suggestions, -i --indexes, --statistics, --json, -c --config",
  "debug circuit-breaker":
    "-a --action, -s --service, -t --threshold, --timeout, -w --watch, --json, -c --config",
  "debug errors":
    "-s --since, --until, -l --limit, -p --pattern, -g --group-by, --show-queries, --json, -c --config",
  "debug profile":
    "-q --query, -t --table, -o --operation, -i --iterations, -w --warmup, --show-plan, --compare, --json, -c --config",
  "debug sql":
    "-w --watch, -f --filter, -h --highlight, --show-params, --show-duration, -l --limit, -c --config",
  "generate crud":
    "-o --output-dir, --overwrite, -c --config, --with-validation, --no-with-validation, --with-pagination, --no-with-pagination, --with-soft-delete, --with-timestamps, --no-with-timestamps, --format, --no-format, -s --schema",
  "generate model":
    "-o --output, --overwrite, -c --config, --timestamps, --no-timestamps, --soft-delete, -s --schema",
  "generate repository":
    "-o --output, --overwrite, -c --config, --with-validation, --no-with-validation, --with-pagination, --no-with-pagination, --with-soft-delete, --with-timestamps, --no-with-timestamps, -s --schema",
  "generate schema": "-o --output, --overwrite, -c --config, --strict, --no-strict, -s --schema",
  "health check": "--json, --watch, --interval, -v --verbose, -c --config",
  "health metrics": "--json, --period, -c --config",
  "health watch": "--interval, --json, --log, -c --config, -v --verbose",
  "init":
    "-t --template, -d --database, -p --plugins, --package-manager, --typescript, --no-typescript, --git, --no-git, --install, --no-install",
  "migrate create": "-d --dir, --directory, -t --template, --ts, --no-ts, --table, --columns",
  "migrate down":
    "--steps, --count, -t --to, --all, --dry-run, -v --verbose, -c --config, --force, -s --schema",
  "migrate fresh": "--seed, --force, -c --config, -v --verbose, -s --schema",
  "migrate list": "--pending, --executed, --json, -c --config, -s --schema",
  "migrate reset": "--force, --run, --seed, -c --config, -v --verbose, -s --schema",
  "migrate status": "--json, -v --verbose, -c --config, -s --schema",
  "migrate up":
    "-t --to, --steps, --count, --dry-run, --force, -v --verbose, -c --config, -s --schema",
  "plugin config":
    "-g --get, -s --set, --value, --reset, --show, --edit, --validate, --export, --import, --json, --config",
  "plugin disable": "--all, -f --force, --keep-config, --restart, --json, --config",
  "plugin enable": "--all, -f --force, --configure, --restart, --json, --config",
  "plugin list":
    "--installed, --available, --enabled, --disabled, -c --category, -s --search, --show-details, --json, --config",
  "query analyze":
    "-q --query, -f --file, --format, -i --show-indexes, -s --show-statistics, --suggestions, -b --benchmark, -c --config",
  "query by-timestamp":
    "-t --table, -c --column, --from, --to, --last, --order, -l --limit, --json, --config",
  "query explain":
    "-q --query, -f --file, -a --analyze, -v --verbose, --format, --buffers, --costs, --timing, --summary, -c --config, -s --schema",
  "query soft-deleted":
    "-t --table, -c --column, -r --restore, --purge, --force, -l --limit, --json, --config, -s --schema",
  "repository inspect":
    "-f --file, -c --className, --show-ast, --show-dependencies, --show-complexity, --show-database, --json, --config",
  "repository list":
    "-d --directory, -p --pattern, --show-methods, --show-schemas, --json, --config",
  "repository methods":
    "-r --repository, -f --file, -g --group-by, --filter, --show-signatures, --show-examples, --show-complexity, --markdown, --json, --config",
  "repository validate":
    "-d --directory, -p --pattern, --fix, --strict, --show-details, --json, --config",
  "schema clone": "--include-data, --exclude, --tenant, --force, -v --verbose, -c --config",
  "schema compare": "--json, -v --verbose, -c --config",
  "schema create": "--tenant, --if-not-exists, --force, -v --verbose, -c --config",
  "schema drop": "--cascade, --if-exists, --force, -v --verbose, -c --config",
  "schema info": "--json, --indexes, --foreign-keys, -v --verbose, -c --config",
  "schema list": "--json, --tenant, -v --verbose, -c --config",
  "test fixtures":
    "-l --load, -d --directory, -f --format, -s --save, --list, --validate, --dependencies, --checksum, --tags, -v --verbose, --json, --config",
  "test seed":
    "-t --tables, -c --count, --clean, -s --strategy, --relationships, --locale, --seed, --custom, -v --verbose, --json, --config",
  "test setup":
    "-e --environment, -d --database, --clean, --migrate, --seed, --fixtures, --parallel, --isolation, -v --verbose, --json, --config",
  "test teardown":
    "-e --environment, -d --database, -f --force, --keep-data, --preserve-logs, --clean-artifacts, --pattern, -v --verbose, --json, --config",
};

/** Returns a command by its words; `undefined` if there is none. */
async function commandOf(words: string): Promise<Command | undefined> {
  const [first = "", second = ""] = words.split(" ");
  const entry = (TREE as CommandTree)[first];
  if (entry === undefined) return undefined;
  if ("load" in entry) return (await entry.load()).command;
  const child = (await entry.loadGroup()).group[second];
  return child === undefined ? undefined : (await child.load()).command;
}

/** Returns the flags of a command, in each of their spellings. */
function flagsOf(command: Command): Set<string> {
  const written = [...Object.values(command.options), ...Object.values(SHARED_OPTIONS)]
    .flatMap(({ flags }) => flags.split(/[ ,]+/).filter((word) => word.startsWith("-")));
  // What is on may be said as well.
  return new Set(written.flatMap((flag) => [flag, flag.replace(/^--no-/, "--")]));
}

/** The rows of the README that name commands and flags that are gone. */
function rowsOfReadme(): readonly string[] {
  const text = readFileSync(join(ROOT, "cli/README.md"), "utf8");
  const rows = text.slice(text.indexOf("## What is not here")).split("\n");
  return rows.filter((line) => line.startsWith("| `"));
}

describe("the command line of version 0.8", () => {
  it("is accepted flag by flag, or the README names what there is in its place", async () => {
    const all = rowsOfReadme();
    assert.ok(all.length > 10);
    const lost: string[] = [];
    for (const [words, list] of Object.entries(FORMER)) {
      const rows = all.filter((line) => line.split("|")[1]!.includes(`\`${words}`));
      const command = await commandOf(words);
      const known = command === undefined ? new Set<string>() : flagsOf(command);
      if (command === undefined && rows.length === 0) lost.push(words);
      if (command === undefined) continue;
      for (const flag of list.split(", ")) {
        const spellings = flag.split(" ");
        for (const spelling of spellings) {
          if (known.has(spelling)) continue;
          // A row names a flag by its long spelling.
          const long = spellings.at(-1)!.replace(/^--no-/, "--");
          const isTold = rows.some((row) => row.split("|")[1]!.includes(long));
          if (!isTold) lost.push(`${words} ${spelling} (${flag})`);
        }
      }
    }
    assert.deepEqual(lost, []);
  });
});
