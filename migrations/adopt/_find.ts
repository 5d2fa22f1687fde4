import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import type { ForeignHistory, ForeignTool } from "./_foreign.ts";
import { foreignHistories } from "./_histories.ts";

/** Where to look for a history. */
export interface FindOptions {
  readonly from?: ForeignTool | undefined;
  /** The name of their table, if it is not the usual one. */
  readonly table?: string | undefined;
  /** The schema of their table. */
  readonly tableSchema?: string | undefined;
  /** The schema of the runner's own tables. */
  readonly ownSchema: string | undefined;
}

/** A history that is there. */
export interface FoundHistory {
  readonly history: ForeignHistory;
  readonly table: string;
  readonly schema: string | undefined;
  readonly columns: ReadonlySet<string>;
}

/**
 * Returns the one history of another tool that is there.
 *
 * @throws {BadRequestError} if there is none, or more than one
 */
export async function findHistory(
  own: Kysely<any>,
  traits: MigrationTraits,
  options: FindOptions,
): Promise<FoundHistory> {
  const { from, table } = options;
  if (table !== undefined && from === undefined) {
    throw refuse('with the option "table", the option "from" has to say whose it is');
  }
  const [first, ...others] = await findHistories(own, traits, options);
  if (first === undefined) {
    const wanted = foreignHistories.filter(({ tool }) => from === undefined || tool === from)
      .map(({ title, table: usual }) => `"${table ?? usual}" of ${title}`);
    throw refuse(
      `no table ${[...new Set(wanted)].join(", ")} with its columns is there; give the options ` +
        `"table" and "tableSchema" if it has another name or schema`,
    );
  }
  if (others.length > 0) {
    throw refuse(
      `there are several, ${
        [first, ...others].map(labelOf).join(" and ")
      }; say which in the options ` +
        `"from" and "tableSchema"`,
    );
  }
  return first;
}

/** Returns the histories of other tools that are there. */
export async function findHistories(
  own: Kysely<any>,
  traits: MigrationTraits,
  { from, table, tableSchema, ownSchema }: FindOptions,
): Promise<FoundHistory[]> {
  const found = new Map<string, FoundHistory>();
  for (const history of foreignHistories) {
    if (from !== undefined && history.tool !== from) continue;
    if (history.schema !== undefined && (!traits.hasSchemas || tableSchema !== undefined)) continue;
    const place = {
      table: table ?? history.table,
      schema: tableSchema ?? history.schema ?? ownSchema,
    };
    const rows = await traits.readColumns(own, [place.table], place.schema);
    const columns = new Set(rows.map(({ column }) => column));
    if (rows.length === 0 || !history.columns.every((column) => columns.has(column))) continue;
    if (history.isExact && columns.size > history.columns.length) continue;
    // The schema may be named, and be found without its name, too.
    const key = `${rows[0]!.schema} ${place.table}`;
    if (!found.has(key)) found.set(key, { history, ...place, columns });
  }
  return [...found.values()];
}

/** Returns what a history is called in messages. */
export function labelOf({ history, table, schema }: FoundHistory): string {
  return `"${schema === undefined ? "" : `${schema}.`}${table}" of ${history.title}`;
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot adopt a history: ${problem}`);
}
