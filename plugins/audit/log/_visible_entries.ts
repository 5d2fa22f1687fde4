import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { AuditEntry } from "../contract/entry.ts";
import { entityOf } from "../strategies/common/_image.ts";
import type { AuditedTable } from "../strategies/common/_table.ts";
import type { AuditHooks } from "../write/_hooks.ts";
import { type SeenImage, VisibleTable } from "./_visible.ts";

const NONE: ReadonlySet<string> = new Set();
/** The columns that are masked in an entry. */
const MASKED = new WeakMap<AuditEntry, ReadonlySet<string>>();

/** Returns the columns whose values in an entry are masks. */
export function maskedIn(entry: AuditEntry): ReadonlySet<string> {
  return MASKED.get(entry) ?? NONE;
}

/** Entries as the policies of an executor show them to its caller. */
export class VisibleEntries {
  readonly #executor: Kysely<any>;
  readonly #hooks: AuditHooks;
  readonly #tables = new Map<string, Promise<Shown | undefined>>();

  constructor(executor: Kysely<any>, hooks: AuditHooks) {
    this.#executor = executor;
    this.#hooks = hooks;
  }

  /** Takes the table that all entries are of. @throws what its policies throw */
  async prepare(table: AuditedTable): Promise<void> {
    const visible = await VisibleTable.of(this.#executor, this.#hooks, table);
    const shown = Promise.resolve({ table, visible });
    for (const label of table.labels) this.#tables.set(label, shown);
  }

  /** Returns those entries of which the caller may see something. */
  async show(entries: readonly AuditEntry[]): Promise<AuditEntry[]> {
    const seen = new Map<AuditEntry, AuditEntry>();
    for (const [label, group] of grouped(entries)) {
      const shown = await this.#tableOf(label);
      if (shown === undefined) continue;
      const images = group.flatMap(({ old_values, new_values }) =>
        [old_values, new_values].filter((image) => image !== null)
      );
      const answers = (await shown.visible.show(images)).values();
      const next = (image: object | null): SeenImage | undefined =>
        image === null ? undefined : answers.next().value;
      for (const entry of group) {
        const [old, now] = [next(entry.old_values), next(entry.new_values)];
        if (old !== undefined || now !== undefined) {
          seen.set(entry, redacted(entry, shown.table, old, now));
        }
      }
    }
    return entries.flatMap((entry) => seen.get(entry) ?? []);
  }

  #tableOf(label: string): Promise<Shown | undefined> {
    let known = this.#tables.get(label);
    if (known === undefined) this.#tables.set(label, known = this.#look(label));
    return known;
  }

  /** A table that is not there any more, or that the caller may not read, shows nothing. */
  async #look(label: string): Promise<Shown | undefined> {
    const { tables } = this.#hooks;
    const dot = label.indexOf(".");
    const [name, schema] = dot < 0
      ? [label, this.#hooks.strategy.catalog.defaultSchema]
      : [label.slice(dot + 1), label.slice(0, dot)];
    if (!tables.has(name, schema)) return undefined;
    const raw: Kysely<any> = getRawDb<any>(this.#executor).withoutPlugins();
    const table = await tables.get(
      async (piece) => (await sql<Record<string, unknown>>`${piece}`.execute(raw)).rows,
      name,
      schema,
    );
    if (table === undefined || table.info.isView) return undefined;
    try {
      return { table, visible: await VisibleTable.of(this.#executor, this.#hooks, table) };
    } catch (error) {
      if ((error as { code?: unknown }).code === "RLS_POLICY_VIOLATION") return undefined;
      throw error;
    }
  }
}

interface Shown {
  readonly table: AuditedTable;
  readonly visible: VisibleTable;
}

function grouped(entries: readonly AuditEntry[]): Map<string, AuditEntry[]> {
  const groups = new Map<string, AuditEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.table_name) ?? [];
    groups.set(entry.table_name, group);
    group.push(entry);
  }
  return groups;
}

function redacted(
  entry: AuditEntry,
  { key }: AuditedTable,
  old: SeenImage | undefined,
  now: SeenImage | undefined,
): AuditEntry {
  const left: ("old_values" | "new_values")[] = [];
  if (entry.old_values !== null && old === undefined) left.push("old_values");
  if (entry.new_values !== null && now === undefined) left.push("new_values");
  const masked = new Set([...old?.masked ?? [], ...now?.masked ?? []]);
  let { entity_id } = entry;
  if (left.includes("new_values")) {
    // An entry has the key that the row has now, which is not for the caller to know.
    const values = key.map((column) => entry.old_values![column] ?? null);
    entity_id = entityOf(values);
  }
  // A key that is masked is not told by its other name.
  if (key.some((column) => masked.has(column))) entity_id = null;
  const shown: AuditEntry = {
    ...entry,
    entity_id,
    old_values: old?.values ?? null,
    new_values: now?.values ?? null,
    ...left.length === 0 ? {} : { redacted: left },
  };
  if (masked.size > 0) MASKED.set(shown, masked);
  return shown;
}
