import { sql } from "kysely";
import type { ColumnInfo } from "../common/_catalog.ts";
import type { RowTraits } from "../common/_image.ts";

const BYTES = /blob|binary|^bit$|geometry|point|linestring|polygon/;

/** How MySQL writes rows as JSON. */
export const ROWS: RowTraits = {
  text: (json) => sql`concat(':', ${json})`,
  value(ref, column) {
    if (holdsBytes(column)) return sql`concat(${"\\x"}, lower(hex(${ref})))`;
    // MariaDB keeps JSON as a text: as it was written, and not as what it means.
    if (column.type === "longtext") return sql`cast(${ref} as char)`;
    // All digits of what it holds, which JSON_OBJECT would not write.
    return column.type === "float" ? sql`cast(${ref} as double)` : ref;
  },
  object: (parts) => sql`concat('{', concat_ws(',', ${sql.join(parts)}), '}')`,
};

/** Whether a column holds bytes, which JSON does not. */
export function holdsBytes({ type }: ColumnInfo): boolean {
  return BYTES.test(type);
}
