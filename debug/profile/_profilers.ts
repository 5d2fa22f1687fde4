import type { QueryRecord } from "../query_record.ts";

/** Profilers that were started: each sees what runs on every debugged database. */
const STARTED: Set<(record: QueryRecord) => void> = new Set();

export function subscribe(listener: (record: QueryRecord) => void): void {
  STARTED.add(listener);
}

export function unsubscribe(listener: (record: QueryRecord) => void): void {
  STARTED.delete(listener);
}

export function publish(record: QueryRecord): void {
  for (const listener of STARTED) listener(record);
}
