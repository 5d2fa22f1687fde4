import type { Attributes } from "@kysera/executor";
import type { Settings } from "./_settings.ts";
import { SoftDeleteError } from "./errors.ts";
import type { OnDelete } from "./options.ts";

/** The flag of a handle that is for one statement of ours. */
export const ACT = "@kysera/soft-delete";

/** What that statement does; an instance, so that no data from elsewhere can be taken for one. */
export class Act {
  /** An UPDATE of deleted rows. */
  static readonly restore: Act = new Act();
  /** A DELETE that goes for deleted rows as well. */
  static readonly hardDelete: Act = new Act();
  /** An INSERT of a repository that looks for no deleted row itself. */
  static readonly create: Act = new Act();
}

/** A deletion of rows with all that belongs to them. */
export class Deletion extends Act {
  /** What all of its rows have in the column for that. */
  readonly id: string = crypto.randomUUID();
  /** When it happens. */
  readonly now: Date;

  constructor(now: Date) {
    super();
    this.now = now;
  }
}

/** Which rows a handle shows. @throws {SoftDeleteError} for a flag that means nothing */
export function shownBy(
  { includeDeleted }: Attributes,
  settings: Settings,
): "visible" | "deleted" | "all" {
  switch (includeDeleted) {
    case undefined:
      return settings.includeDeleted ? "all" : "visible";
    case true:
      return "all";
    case false:
      return "visible";
    case "only":
      return "deleted";
    default:
      throw invalid("includeDeleted", includeDeleted, `true, false or "only"`);
  }
}

/** What a handle's DELETE does. @throws {SoftDeleteError} for a flag that means nothing */
export function onDeleteOf({ onDelete }: Attributes, settings: Settings): OnDelete {
  switch (onDelete) {
    case undefined:
      return settings.onDelete;
    case "hard":
    case "soft":
    case "deny":
      return onDelete;
    default:
      throw invalid("onDelete", onDelete, `"hard", "soft" or "deny"`);
  }
}

function invalid(flag: string, value: unknown, allowed: string): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot use a handle whose flag "${flag}" is ${JSON.stringify(value)}; it must be ${allowed}`,
    "INVALID_FLAG",
  );
}
