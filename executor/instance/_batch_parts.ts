import { assertKnownOptions, isPromise } from "@kysera/core";
import type { Kysely } from "kysely";
import { BatchError } from "../contract/errors.ts";
import { inMode, mustBeInstance } from "./_graft.ts";
import type { Batch, BatchEntry, BatchQuery } from "./batch_types.ts";

/** An entry, and what it stands for. */
export interface Part {
  readonly key: string;
  readonly rows: number | undefined;
  build(db: Kysely<any>): BatchQuery<unknown>;
}

/**
 * Runs the statements that a callback adds. The callback runs at once; what runs the statements is
 * loaded with the first batch.
 */
export async function runBatch(
  executor: Kysely<any>,
  callback: (batch: Batch<any>) => Readonly<Record<string, BatchEntry<unknown>>>,
): Promise<Record<string, unknown>> {
  const parts = collect(callback);
  const { runParts } = await import("./_batch.ts");
  return await runParts(executor, parts, { inMode, mustBeInstance });
}

function collect(
  callback: (batch: Batch<any>) => Readonly<Record<string, BatchEntry<unknown>>>,
): readonly Part[] {
  const added = new Map<object, Omit<Part, "key">>();
  let isOpen = true;
  const entries: unknown = callback({
    add(build, options = {}) {
      if (!isOpen) throw new BatchError("a statement was added after the callback has returned");
      refuseUnknown(options, ["expect"]);
      const { expect } = options;
      if (expect !== undefined) {
        refuseUnknown(expect, ["rows"]);
        if (!(Number.isSafeInteger(expect.rows) && expect.rows >= 0)) {
          throw new BatchError('option "expect" needs "rows", a whole number, 0 or more');
        }
      }
      const rows = expect?.rows;
      const entry = Object.freeze({});
      added.set(entry, { build, rows });
      return entry;
    },
  });
  isOpen = false;
  if (isPromise(entries)) {
    // What it is rejected with has nobody else to be told to.
    Promise.resolve(entries).catch(() => {});
    throw new BatchError("the callback returned a promise; it has to add the statements at once");
  }
  if (typeof entries !== "object" || entries === null) {
    throw new BatchError("the callback has to return an object with what add() gave");
  }
  const keys = new Map<unknown, string>();
  for (const [key, entry] of Object.entries(entries)) {
    if (!added.has(entry)) throw new BatchError(`"${key}" is not what add() of this batch gave`);
    if (keys.has(entry)) throw new BatchError(`"${key}" and "${keys.get(entry)}" are one entry`);
    keys.set(entry, key);
  }
  return [...added].map(([entry, part]) => {
    const key = keys.get(entry);
    if (key !== undefined) return { ...part, key };
    throw new BatchError("a statement was added that the callback does not return; return each");
  });
}

/** An option with a typing error would silently check nothing. */
function refuseUnknown(options: object, known: readonly string[]): void {
  assertKnownOptions(options, known, {
    action: "run the batch",
    subject: "what add() is given",
    makeError: TypeError,
  });
}
