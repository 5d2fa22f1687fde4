import type { Kysely, QueryResult } from "kysely";
import type { Settings } from "../contract/_settings.ts";
import type { WriteWork } from "./strategy.ts";
import type { Ask } from "./common/_catalog.ts";
import type { SharedValues } from "./common/_log.ts";
import type { AuditedTable, TableName } from "./common/_table.ts";
import type { FoundTriggers, TriggerParts } from "./common/_triggers.ts";
import type { Write } from "./common/_writes.ts";

/** What is done in the way of one dialect where triggers write the log. */
export interface TriggerStrategy {
  /** Writes the triggers that write the same entries as the plugin. */
  make(db: Kysely<any>, settings: Settings, auditTable: TableName): TriggerParts;
  /** Whether a trigger is replaced by one statement, so that no write comes in between. */
  readonly replaces: boolean;
  /** Reads which triggers a table has. */
  find(ask: Ask, table: AuditedTable): Promise<FoundTriggers>;
  /** Returns true if the triggers see all that a write does, as the plugin tells it. */
  sees(write: Write, work: Pick<WriteWork, "scope">): boolean;
  /** Tells the triggers who does a write, and does it. */
  readonly handOver: (work: HandOverWork) => Promise<QueryResult<any>>;
}

/** A query that writes tables with triggers, and what these are told. */
export interface HandOverWork extends Omit<WriteWork, "to"> {
  readonly auditTable: TableName;
  /** `undefined` where nothing is to be written down. */
  readonly values: SharedValues | undefined;
}
