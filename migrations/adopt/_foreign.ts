import type { Kysely } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import type { ResolvedMigration } from "../run/_resolved.ts";

/** A tool whose history can be taken over. */
export type ForeignTool = "kysely" | "kysera" | "kysera-cli" | "prisma" | "drizzle" | "flyway";

/** A migration that another tool has applied. */
export interface ForeignEntry {
  /** Its name, as the other tool's files have it. */
  readonly name: string;
  readonly executedAt: Date;
  /** How long it took, in milliseconds, if the tool says. */
  readonly duration?: number | undefined;
  /** Returns true if the tool applied this text; absent if it keeps no checksum. */
  readonly isOf?: ((source: string) => Promise<boolean>) | undefined;
}

/** A row that is not taken over, or says more than that a migration is applied. */
export interface ForeignNote {
  readonly migrationName: string;
  readonly message: string;
}

/** The history of another tool. */
export interface ForeignRead {
  /** The migrations that are applied, in the order in which they were. */
  readonly entries: readonly ForeignEntry[];
  /** Rows that keep the history from being taken over: what is wrong, and what to do. */
  readonly refused: readonly ForeignNote[];
  readonly notes: readonly ForeignNote[];
}

/** What a history is read with. */
export interface ForeignContext {
  /** A Kysely instance in which the table's name means their table. */
  readonly db: Kysely<any>;
  readonly traits: MigrationTraits;
  readonly table: string;
  /** The columns that the table has. */
  readonly columns: ReadonlySet<string>;
  readonly code: readonly ResolvedMigration[];
  /** The journal of Drizzle, parsed. */
  readonly journal: unknown;
  /** Whether the names are changed when they are taken over. */
  readonly isRenamed: boolean;
}

/** How the history of a tool is recognized, and read. */
export interface ForeignHistory {
  readonly tool: ForeignTool;
  /** What the tool is called in messages. */
  readonly title: string;
  readonly table: string;
  /** The schema that the tool keeps the table in; `undefined` for the one of the tables themselves. */
  readonly schema?: string | undefined;
  /** The columns that the table has at least. */
  readonly columns: readonly string[];
  /** Whether it has no others: its name is one that others use, too. */
  readonly isExact?: boolean;
  read(context: ForeignContext): Promise<ForeignRead>;
}
