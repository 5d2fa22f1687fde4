import {
  type Attributes,
  columnFor,
  type FoundTables,
  type HookContext,
  namesOfKeys,
  type OptionName,
  type PluginHooks,
  type PluginHost,
  type Stamp,
  type TableId,
  TableKeys,
  type TableReference,
} from "@kysera/executor";
import { ACT, Act, isStamping } from "./_flags.ts";
import { type ColumnOption, PLUGIN_NAME, type Settings } from "./_settings.ts";
import { formatTime, isTimestamp } from "./_times.ts";
import { TimestampsError } from "./errors.ts";
import type { Timestamp } from "./options.ts";

/** The columns that a table has, as queries write them. */
export type Columns = Readonly<Partial<Record<ColumnOption, string>>>;

/** The columns that a write sets. */
interface SetColumns {
  /** Those for when. */
  readonly at: readonly string[];
  /** Those for who. */
  readonly by: readonly string[];
}

/** What is done to a table. */
interface TableStamps {
  readonly columns: Columns;
  readonly insert: SetColumns;
  readonly update: SetColumns;
}

const MOST_TABLES = 1_000;

/** What the plugin does, for one executor. */
export class TimestampsHooks implements PluginHooks {
  readonly stable = true;
  /** Tables that were not known are of interest where all that have the columns count. */
  readonly discover?: NonNullable<PluginHooks["discover"]>;
  readonly #settings: Settings;
  readonly #host: PluginHost;
  readonly #tables: FoundTables;
  readonly #keys: TableKeys;
  readonly #stamps = new Map<string, TableStamps>();
  #lastRun: object | undefined;
  #lastTime: unknown;

  constructor(host: PluginHost, settings: Settings, tables: FoundTables) {
    this.#settings = settings;
    this.#host = host;
    this.#tables = tables;
    this.#keys = new TableKeys(host, PLUGIN_NAME, settings.keys, tables.scope, tables.found);
    if (settings.tables === undefined) {
      this.discover = (table, found) => {
        tables.learn(table, found);
        this.#stamps.clear();
      };
    }
  }

  /** The columns of a table's key, where they are configured. */
  keyOf(table: TableId): readonly string[] | undefined {
    return this.#keys.of(table);
  }

  /** The columns that a table has of those that are set. */
  columnsOf({ name, schema }: TableId): Columns {
    return this.#stampsOf(name, schema).columns;
  }

  /** The names of a column: as the options write it, and as the database has it. */
  namesOf(option: ColumnOption): readonly string[] {
    const name = this.#settings.columns[option];
    return name === undefined ? [] : [name, columnFor(this.#host, name)];
  }

  /** What a time is compared with. @throws {TimestampsError} for what is no time */
  comparable(time: Timestamp): unknown {
    const { getTimestamp, dateFormat } = this.#settings;
    if (!isTimestamp(time)) {
      throw invalidTime(`Cannot compare with ${String(time)}`, "pass a Date, a string or a number");
    }
    if (time instanceof Date && !(getTimestamp() instanceof Date)) {
      throw invalidTime(
        "Cannot compare a Date with what the columns hold",
        '"getTimestamp" returns other values than dates; pass one of these',
      );
    }
    return formatTime(time, dateFormat, this.#host.dialect);
  }

  appliesTo(table: TableId): boolean {
    return this.#tables.scope.has(table);
  }

  stamp(reference: TableReference, context: HookContext): Stamp | undefined {
    const { metadata } = context;
    const isTouch = metadata[ACT] === Act.touch;
    if (!isTouch && !isStamping(metadata)) return undefined;
    // By the database's name: a handle may have Kysely plugins that the executor was made without.
    const stamps = this.#stampsOf(reference.physicalName, reference.schema);
    const { at, by } = reference.operation === "insert" ? stamps.insert : stamps.update;
    if (at.length === 0 && by.length === 0) return undefined;
    const set: Record<string, unknown> = {};
    if (at.length > 0) {
      const time = context.value((_, run) => this.#time(run));
      for (const column of at) set[column] = time;
    }
    if (by.length > 0) {
      const user = context.value((attributes) => this.#user(attributes, reference.table));
      for (const column of by) set[column] = user;
    }
    return { set, given: isTouch ? "replace" : this.#settings.onGiven };
  }

  optionNames(): OptionName[] {
    const { tables = [], excludeTables, columns, named, keys, check } = this.#settings;
    if (check === "off") return [];
    const column = Object.values(columns);
    const option = Object.keys(columns).join(", ");
    return [
      ...tables.flatMap((table) => [{ option: "tables", table }, { option, table, column }]),
      ...excludeTables.map((table) => ({ option: "excludeTables", table })),
      ...named.map((option) => ({ option, column: columns[option] })),
      ...namesOfKeys(keys),
    ];
  }

  describe(table: TableId): string[] {
    const { insert, update } = this.#stampsOf(table.name, table.schema);
    const inserted = [...insert.at, ...insert.by];
    const updated = [...update.at, ...update.by];
    return [...new Set([...inserted, ...updated])].map((column) => {
      const statements = [
        ...(inserted.includes(column) ? ["INSERT"] : []),
        ...(updated.includes(column) ? ["UPDATE"] : []),
      ];
      return `sets "${column}" on ${statements.join(" and ")}`;
    });
  }

  /** The time of a run, as drivers take it: the same for all that the run writes. */
  #time(run: object): unknown {
    // A run's values are read one after the other, with none of another run in between.
    if (run !== this.#lastRun) {
      const { getTimestamp, dateFormat } = this.#settings;
      const time = getTimestamp();
      if (!isTimestamp(time)) {
        throw invalidTime(
          `Cannot set a timestamp: "getTimestamp" returned ${String(time)}`,
          "return a Date, a string or a number",
        );
      }
      this.#lastTime = formatTime(time, dateFormat, this.#host.dialect);
      this.#lastRun = run;
    }
    return this.#lastTime;
  }

  #user(context: Attributes | undefined, table: string): unknown {
    const user = this.#settings.getUserId(context);
    if (user === undefined || user === null) {
      if (this.#settings.actor === "optional") return null;
      throw new TimestampsError(
        `Cannot write to "${table}": there is no user, and "actor" is "required"; bind one with ` +
          "bindContext(executor, { userId })",
        "NO_USER",
      );
    }
    if (typeof user === "string" && user !== "") return user;
    if (typeof user === "bigint" || Number.isFinite(user)) return user;
    throw new TimestampsError(
      `Cannot write to "${table}": the user is ${JSON.stringify(user)}; it must be a string that ` +
        "is not empty, a number, or null",
      "INVALID_USER",
    );
  }

  #stampsOf(name: string, schema: string | undefined): TableStamps {
    const key = schema === undefined ? name : `${schema}\0${name}`;
    let stamps = this.#stamps.get(key);
    if (stamps === undefined) {
      const columns = this.#findColumns({ name, schema });
      const { createdAtColumn, createdByColumn, updatedAtColumn, updatedByColumn } = columns;
      const made = { at: present(createdAtColumn), by: present(createdByColumn) };
      const update = { at: present(updatedAtColumn), by: present(updatedByColumn) };
      const insert = this.#settings.setUpdatedAtOnInsert
        ? { at: [...made.at, ...update.at], by: [...made.by, ...update.by] }
        : made;
      stamps = { columns, insert, update };
      if (this.#stamps.size >= MOST_TABLES) this.#stamps.clear();
      this.#stamps.set(key, stamps);
    }
    return stamps;
  }

  #findColumns(table: TableId): Columns {
    const columns: Partial<Record<ColumnOption, string>> = {};
    for (const [option, scope] of Object.entries(this.#tables.columns)) {
      if (!scope.has(table)) continue;
      // The search was for the columns of the settings.
      const known = option as ColumnOption;
      columns[known] = columnFor(this.#host, this.#settings.columns[known]!);
    }
    return columns;
  }
}

function present(column: string | undefined): string[] {
  return column === undefined ? [] : [column];
}

function invalidTime(problem: string, hint: string): TimestampsError {
  return new TimestampsError(`${problem}; ${hint}`, "INVALID_TIMESTAMP");
}
