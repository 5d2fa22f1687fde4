import { timeOf } from "../history/_time.ts";
import { compareVersions, flywayNameOf } from "../flyway/_names.ts";
import { crc32OfLines } from "./_checksum.ts";
import type {
  ForeignContext,
  ForeignEntry,
  ForeignHistory,
  ForeignNote,
  ForeignRead,
} from "./_foreign.ts";

/** A row of the history. */
interface Row {
  readonly version: string | null;
  readonly description: string;
  readonly type: string;
  readonly script: string;
  readonly checksum: number | null;
  readonly execution_time: number;
  readonly success: boolean | number;
  readonly installed: unknown;
}

/**
 * Flyway adds a row for whatever it does: versioned and repeatable migrations, those that undo others,
 * and marks. So a migration is applied if its last row says so.
 */
export const flyway: ForeignHistory = {
  tool: "flyway",
  title: "Flyway",
  table: "flyway_schema_history",
  columns: [
    "installed_rank",
    "version",
    "description",
    "type",
    "script",
    "checksum",
    "installed_on",
    "execution_time",
    "success",
  ],
  read: readFlyway,
};

async function readFlyway(context: ForeignContext): Promise<ForeignRead> {
  const { db, traits, table } = context;
  const rows = await db.selectFrom(table).select([
    "version",
    "description",
    "type",
    "script",
    "checksum",
    "execution_time",
    "success",
    traits.readTime("installed_on", "session").as("installed"),
  ]).orderBy("installed_rank").execute() as Row[];
  // By their version, or what stands for it in a repeatable one; in the order of the rows.
  const applied = new Map<string, ForeignEntry>();
  const refused: ForeignNote[] = [];
  const notes: ForeignNote[] = [];
  for (const row of rows) {
    const key = row.version === null ? `R ${row.description}` : `V ${row.version}`;
    const name = nameOf(row);
    if (!isTrue(row.success)) {
      refused.push({
        migrationName: name,
        message: "it failed, and some of its statements may be applied: undo them, and run " +
          "`flyway repair`",
      });
    } else if (row.type === "SCHEMA") {
      notes.push({ migrationName: name, message: "it says that Flyway has created the schema" });
    } else if (row.type.startsWith("UNDO")) {
      applied.delete(key);
      notes.push({ migrationName: name, message: `Flyway has undone version ${row.version}` });
    } else if (row.type === "DELETE") {
      applied.delete(key);
      notes.push({ migrationName: name, message: "Flyway has marked it as deleted" });
    } else if (row.type.endsWith("BASELINE")) {
      const covered = addBaseline(context, row, applied);
      if (row.type !== "BASELINE") applied.set(key, entryOf(row, name));
      notes.push({ migrationName: name, message: baselineMessage(row, covered, context) });
    } else {
      // A repeatable one stands where it ran last.
      applied.delete(key);
      applied.set(key, entryOf(row, name));
    }
  }
  addUnneeded(context, applied);
  return { entries: [...applied.values()], refused, notes };
}

/**
 * Adds the migrations of the code that stand for all versions up to their own, where those are applied and
 * their files are gone: Flyway runs such a migration in an empty database alone.
 */
function addUnneeded(
  { code, isRenamed }: ForeignContext,
  applied: Map<string, ForeignEntry>,
): void {
  if (isRenamed) return;
  for (const { name, replaces } of code) {
    const { kind, version } = flywayNameOf(name) ?? { kind: "R", version: "" };
    if (kind !== "B" || replaces.length > 0) continue;
    const covered = [...applied].filter(([key]) =>
      key.startsWith("V ") && compareVersions(key.slice(2), version) <= 0
    );
    const last = covered.at(-1)?.[1];
    if (last !== undefined && ![...applied.values()].some((entry) => entry.name === name)) {
      applied.set(`B ${version}`, { name, executedAt: last.executedAt });
    }
  }
}

function entryOf({ installed, execution_time, checksum }: Row, name: string): ForeignEntry {
  return {
    name,
    executedAt: timeOf(installed),
    duration: Number(execution_time),
    isOf: checksum === null
      ? undefined
      : (source) => Promise.resolve(crc32OfLines(source) === Number(checksum)),
  };
}

/** Adds the migrations that a baseline stands for; returns how many of the code those are. */
function addBaseline(
  { code, isRenamed }: ForeignContext,
  row: Row,
  applied: Map<string, ForeignEntry>,
): number {
  if (isRenamed || row.version === null) return 0;
  let count = 0;
  for (const { name } of code) {
    const { kind, version } = flywayNameOf(name) ?? { kind: "R", version: "" };
    if (kind !== "V" || compareVersions(version, row.version) > 0) continue;
    count++;
    const key = `V ${version.replaceAll("_", ".")}`;
    if (!applied.has(key)) applied.set(key, { name, executedAt: timeOf(row.installed) });
  }
  return count;
}

function baselineMessage(row: Row, covered: number, { isRenamed }: ForeignContext): string {
  const what = `it is a baseline: Flyway takes every version up to ${row.version} for applied`;
  return isRenamed
    ? `${what}; as names are changed, say which those are with markAsExecuted()`
    : `${what}, ${covered} of the migrations of the code`;
}

/** Returns the name of a file without its folder and extension, or that of a class. */
function nameOf({ script, type }: Row): string {
  if (script.startsWith("<<") || script === "") return script;
  if (type.includes("JDBC")) return script.slice(script.lastIndexOf(".") + 1);
  const file = script.slice(Math.max(script.lastIndexOf("/"), script.lastIndexOf("\\")) + 1);
  const dot = file.lastIndexOf(".");
  return dot > 0 ? file.slice(0, dot) : file;
}

/** A boolean, as drivers give it. */
function isTrue(value: unknown): boolean {
  return value === true || (value !== false && Number(value) !== 0);
}
