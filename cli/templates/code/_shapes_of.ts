import type { SchemaSnapshot, SchemaType } from "@kysera/migrations/schema";
import type { ScalarOptions } from "../../types/_scalars.ts";
import { mysqlShapes } from "./_mysql_shapes.ts";
import { postgresShapes } from "./_postgres_shapes.ts";
import { sqliteShapes } from "./_sqlite_shapes.ts";
import type { TypeShapes } from "./_type_shapes.ts";

/** Returns what the values of a type are. */
export function shapesOf(
  type: SchemaType,
  schema: SchemaSnapshot,
  options: ScalarOptions,
): TypeShapes {
  switch (schema.dialect) {
    case "postgres":
      return postgresShapes(type, schema, options);
    case "mysql":
      return mysqlShapes(type, options);
    case "sqlite":
      return sqliteShapes(type);
  }
}
