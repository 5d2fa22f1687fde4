import { BadRequestError } from "@kysera/core";
import type { TenantHome, TenantPlace, TenantStrategy } from "./tenant_place.ts";

/** Longer names are cut by PostgreSQL, so that two of them may be one. */
const MOST_BYTES = 63;

/**
 * Reads a place.
 *
 * @throws {BadRequestError} where it is not one
 */
export function homeOf(place: TenantPlace, fallback: TenantStrategy): TenantHome {
  const { strategy = fallback, database, schema } = place;
  const refuse = (problem: string): BadRequestError =>
    new BadRequestError(`Cannot use the place of a tenant: ${problem}`);
  if (!["row", "schema", "database"].includes(strategy)) {
    throw refuse('"strategy" is none of "row", "schema", "database"');
  }
  if (database !== undefined && (typeof database !== "string" || database === "")) {
    throw refuse('"database" is not a name');
  }
  if (strategy === "database" && database === undefined) {
    throw refuse('its strategy is "database", and it names none');
  }
  if (strategy === "schema") {
    if (typeof schema !== "string" || schema === "" || schema.includes("\0")) {
      throw refuse('its strategy is "schema", and it names none');
    }
    if (new TextEncoder().encode(schema).length > MOST_BYTES) {
      throw refuse(`the name of its schema is longer than ${MOST_BYTES} bytes`);
    }
  } else if (schema !== undefined) {
    throw refuse(`its strategy is "${strategy}", and it names a schema`);
  }
  return { strategy, database: database ?? "main", schema };
}

/** Returns what tells places apart. */
export function keyOf({ strategy, database, schema }: TenantHome): string {
  return JSON.stringify([strategy === "row", database, schema]);
}
