import type { Change, ColumnDefinition, TypeName } from "../read/_change.ts";
import { isSince, type ServerVersion } from "../view/_version.ts";
import { isInUse, listed, onColumns, type RuleDefinition, shown } from "./_rule.ts";

const MYSQL = ["mysql"] as const;
/** Calls that a default may be without being an expression. */
const CLOCK: ReadonlySet<string> = new Set([
  "current_timestamp",
  "now",
  "localtime",
  "localtimestamp",
]);
/** What each statement of MySQL commits by itself. */
const DDL: ReadonlySet<Change["kind"]> = new Set([
  "create-table",
  "add-column",
  "modify-column",
  "drop-column",
  "rename-table",
  "rename-column",
  "set-default",
  "drop-default",
  "add-constraint",
  "drop-constraint",
  "create-index",
  "drop-index",
  "drop-table",
  "truncate",
  "create-trigger",
  "change-engine",
  "change-charset",
  "change-partitions",
]);

/** Rules about what MySQL and MariaDB copy and lock. */
export const MYSQL_RULES: readonly RuleDefinition[] = [
  {
    id: "alter-copies-table",
    severity: "error",
    dialects: MYSQL,
    claims: "copies",
    reason: "The table is copied row by row, while writes wait.",
    instead:
      "Add a new column or table and copy in batches; or use gh-ost or pt-online-schema-change.",
    on: {
      "modify-column": ({ table, column, from }, site) => {
        if (!isInUse(table, site)) return undefined;
        const before = site.view.table(table)?.columns.get(from)?.type;
        if (before !== undefined && isInPlace(before, column)) return undefined;
        return `Changes "${column.name}" of ${shown(table)} from ${
          before?.name ?? "a type that is not known"
        } to ${column.type?.name}`;
      },
      "add-constraint": ({ table, constraint }, site) =>
        constraint.type === "foreign-key" && isInUse(table, site)
          ? `Adds a foreign key of ${listed(constraint.columns)} to ${
            shown(table)
          }, whose rows are checked`
          : undefined,
      "change-charset": ({ table }, site) =>
        isInUse(table, site) ? `Converts every text of ${shown(table)}` : undefined,
    },
  },
  {
    id: "alter-blocks-writes",
    severity: "error",
    dialects: MYSQL,
    claims: "blocks-writes",
    reason: "Writes wait until it is done.",
    instead: "Do it when nobody writes, or with gh-ost or pt-online-schema-change.",
    on: {
      "create-index": ({ table, index }, site) =>
        index.method !== undefined && isInUse(table, site)
          ? `Builds a ${index.method} index of ${shown(table)} while writes wait`
          : undefined,
    },
  },
  {
    id: "expression-default",
    severity: "error",
    dialects: MYSQL,
    claims: "copies",
    reason:
      "The table is copied to compute it for each row, and replicas may compute another value.",
    instead: "Add the column without it, set the default, then fill the old rows in batches.",
    on: {
      "add-column": ({ table, column }, site) =>
        column.default !== undefined && !column.default.isConstant && isInUse(table, site) &&
          !column.default.calls.every((name) => CLOCK.has(name))
          ? `Computes the default of "${column.name}" for every row of ${shown(table)}`
          : undefined,
    },
  },
  ...(["enum", "set"] as const).flatMap(memberRules),
  {
    id: "stored-generated",
    severity: "error",
    dialects: MYSQL,
    claims: "copies",
    reason: "The table is copied to compute it for each row, while writes wait.",
    instead: "Make it VIRTUAL, and index that if need be.",
    on: {
      "add-column": ({ table, column }, site) =>
        column.generated === "stored" && isInUse(table, site)
          ? `Computes "${column.name}" of every row of ${shown(table)}`
          : undefined,
    },
  },
  {
    id: "auto-increment-add",
    severity: "error",
    dialects: MYSQL,
    claims: "blocks-writes",
    reason: "Every row is numbered while writes wait, and replicas may number them otherwise.",
    instead: "Create a new table with the key, and copy in batches.",
    on: {
      "add-column": ({ table, column }, site) =>
        column.autoIncrement && isInUse(table, site)
          ? `Numbers every row of ${shown(table)} in "${column.name}"`
          : undefined,
    },
  },
  {
    id: "primary-key-change",
    severity: "error",
    dialects: MYSQL,
    reason: "The rows are stored in the order of the key: all of them are written anew.",
    instead: "Create a new table with the key, and copy in batches.",
    on: {
      "drop-constraint": ({ table, type }, site) =>
        type === "primary-key" && isInUse(table, site)
          ? `Drops the primary key of ${shown(table)}`
          : undefined,
      "add-constraint": ({ table, constraint }, site) =>
        constraint.type === "primary-key" && isInUse(table, site)
          ? `Stores ${shown(table)} by another key`
          : undefined,
      "add-column": ({ table, column }, site) =>
        column.primaryKey && isInUse(table, site)
          ? `Stores ${shown(table)} by the key "${column.name}"`
          : undefined,
    },
  },
  {
    id: "engine-change",
    severity: "error",
    dialects: MYSQL,
    reason: "The table is copied row by row, while writes wait.",
    instead: "Create a new table with the engine, and copy in batches.",
    on: {
      "change-engine": ({ table }, site) =>
        isInUse(table, site) ? `Changes the engine of ${shown(table)}` : undefined,
    },
  },
  {
    id: "partition-change",
    severity: "error",
    dialects: MYSQL,
    reason:
      "Rows that change their partition are copied while writes wait; those of a dropped one are lost.",
    instead: "Add partitions before they are needed, when they are empty.",
    on: {
      "change-partitions": ({ table }, site) =>
        isInUse(table, site) ? `Changes the partitions of ${shown(table)}` : undefined,
    },
  },
  {
    id: "column-not-last",
    severity: "warning",
    dialects: MYSQL,
    reason: "Servers before MySQL 8.0.29 and MariaDB 10.4 write the table anew for it.",
    instead: "Add the column at the end: the order of columns is for people alone.",
    on: {
      "add-column": ({ table, column }, site) =>
        column.isPlaced && isInUse(table, site) && !canPlace(site.version)
          ? `Puts "${column.name}" of ${shown(table)} between other columns`
          : undefined,
    },
  },
  {
    id: "inline-references-ignored",
    severity: "error",
    dialects: MYSQL,
    reason: "MySQL reads REFERENCES behind a column and ignores it: there is no foreign key.",
    instead: "Write `foreign key (..) references ..` as a constraint of the table.",
    on: onColumns(({ name, references }, { version }) =>
      references !== undefined && !(version.isMariaDb === true && isSince(version, 10, 5))
        ? `The foreign key of "${name}" is not created`
        : undefined
    ),
  },
  {
    id: "utf8mb3",
    severity: "warning",
    dialects: MYSQL,
    reason: "It cannot hold emoji, nor some names of people: writes of them fail.",
    instead: "Use `utf8mb4`.",
    on: {
      ...onColumns(({ name, charset }) =>
        isUtf8mb3(charset) ? `"${name}" is of the character set ${charset}` : undefined
      ),
      "create-table": ({ table, charset, columns }) => [
        ...isUtf8mb3(charset) ? [`${shown(table)} is of the character set ${charset}`] : [],
        ...columns.filter((column) => isUtf8mb3(column.charset))
          .map((column) => `"${column.name}" is of the character set ${column.charset}`),
      ],
      "change-charset": ({ table, charset }) =>
        isUtf8mb3(charset) ? `Converts ${shown(table)} to ${charset}` : undefined,
    },
  },
  {
    id: "timestamp-2038",
    severity: "warning",
    dialects: MYSQL,
    reason: "It ends on 19 January 2038, and is converted by the time zone of each session.",
    instead: "Use `datetime(6)` in UTC.",
    on: onColumns(({ name, type }, { version }) =>
      type?.name === "timestamp" && !(version.isMariaDb === true && isSince(version, 11, 5))
        ? `"${name}" is a timestamp of 32 bits`
        : undefined
    ),
  },
  {
    id: "multi-ddl-migration",
    severity: "warning",
    dialects: MYSQL,
    reason: "Nothing rolls back what came before a statement that fails.",
    instead:
      "Give each statement a migration of its own; `resume()` goes on behind what is applied.",
    *migration({ statements }) {
      const ddl = statements.flatMap(({ changes }, index) =>
        changes.some(({ kind }) => DDL.has(kind)) ? [index] : []
      );
      if (ddl.length > 1) {
        yield { message: `Changes the schema in ${ddl.length} statements`, statement: ddl[1] };
      }
    },
  },
];

/** What may go wrong with the members of an ENUM or a SET. */
function memberRules(kind: "enum" | "set"): RuleDefinition[] {
  const upper = kind.toUpperCase();
  const rule = (
    id: string,
    reason: string,
    instead: string,
    say: (before: readonly string[], after: readonly string[]) => string | undefined,
  ): RuleDefinition => ({
    id: `${kind}-${id}`,
    severity: "error",
    dialects: MYSQL,
    reason,
    instead,
    claims: "copies",
    on: {
      "modify-column": ({ table, column, from }, site) => {
        const before = site.view.table(table)?.columns.get(from)?.type;
        if (before?.name !== kind || column.type?.name !== kind || !isInUse(table, site)) {
          return undefined;
        }
        const said = say(before.members, column.type.members);
        return said && `${said} the ${upper} "${column.name}" of ${shown(table)}`;
      },
    },
  });
  return [
    rule(
      "reorder",
      "Rows hold the numbers of the members: all of them are written anew.",
      "Keep the order, and add new members at the end.",
      (before, after) => {
        const kept = after.filter((member) => before.includes(member));
        const wanted = before.filter((member) => after.includes(member));
        return kept.some((member, i) => member !== wanted[i]) ? "Reorders" : undefined;
      },
    ),
    rule(
      "remove",
      "Rows that have the member lose it, or make the statement fail.",
      "Change the rows in batches, and keep the member until no program writes it.",
      (before, after) => {
        const gone = before.filter((member) => !after.includes(member));
        return gone.length > 0 ? `Removes ${listed(gone)} from` : undefined;
      },
    ),
    rule(
      "insert-middle",
      "Rows hold the numbers of the members: all of them are written anew.",
      "Add new members at the end.",
      (before, after) => {
        const last = after.findLastIndex((member) => before.includes(member));
        const inserted = after.slice(0, last).filter((member) => !before.includes(member));
        return inserted.length > 0 ? `Puts ${listed(inserted)} between the members of` : undefined;
      },
    ),
    rule(
      "storage",
      "A member more than a byte has numbers for makes every row larger: all are written anew.",
      "Use a table of its own for so many values.",
      (before, after) =>
        bytesOf(kind, before.length) === bytesOf(kind, after.length)
          ? undefined
          : `Makes larger what each row holds of`,
    ),
  ];
}

function bytesOf(kind: "enum" | "set", count: number): number {
  if (kind === "enum") return count > 255 ? 2 : 1;
  const bytes = Math.ceil(count / 8);
  return bytes > 4 ? 8 : bytes;
}

/** Whether MySQL changes a column without a copy of the table. */
function isInPlace(before: TypeName, { type }: ColumnDefinition): boolean {
  if (type === undefined) return false;
  if (before.name !== type.name) return false;
  if (before.members.length > 0 || type.members.length > 0) {
    // Its own rules say what does not fit.
    return true;
  }
  const [from, to] = [before.sizes[0], type.sizes[0]];
  if (JSON.stringify(before.sizes) === JSON.stringify(type.sizes)) return true;
  // The length of a value takes one byte, or two.
  return before.name === "varchar" && from !== undefined && to !== undefined && to >= from &&
    (to < 64) === (from < 64);
}

function canPlace(version: ServerVersion): boolean {
  return version.isMariaDb === true ? isSince(version, 10, 4) : isSince(version, 8, 0, 29);
}

function isUtf8mb3(charset: string | undefined): boolean {
  return charset === "utf8" || charset === "utf8mb3";
}
