import type { SchemaType } from "@kysera/migrations/schema";
import { sqliteScalar } from "../../types/_sqlite_scalars.ts";
import type { Shape } from "./_shape.ts";
import { lengthOf, type TypeShapes } from "./_type_shapes.ts";

/** Returns what the values of a declared type of SQLite are. */
export function sqliteShapes(type: SchemaType): TypeShapes {
  const name = type.name.toLowerCase();
  const same = (shape: Shape): TypeShapes => ({ input: shape, row: shape });
  switch (sqliteScalar(type)) {
    case "string":
      if (/^jsonb?$/.test(name)) return { ...same({ kind: "json" }), codec: "json" };
      if (/^uuid\b/.test(name)) return { input: { kind: "uuid" }, row: { kind: "text" } };
      // The length is not enforced, so rows may be longer already.
      return { input: { kind: "text", max: textLength(type) }, row: { kind: "text" } };
    case "number":
      if (/bool/.test(name)) {
        return { input: { kind: "integer", min: 0, max: 1 }, row: { kind: "integer" } };
      }
      return same({ kind: /int/.test(name) ? "integer" : "number" });
    case "Uint8Array":
      return same({ kind: "bytes" });
    default:
      return same({ kind: "unknown" });
  }
}

function textLength({ name, text }: SchemaType): number | undefined {
  return /char/i.test(name) ? lengthOf(text) : undefined;
}
