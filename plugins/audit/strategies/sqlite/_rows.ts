import { sql } from "kysely";
import type { RowTraits } from "../common/_image.ts";

/** How SQLite writes rows as JSON. */
export const ROWS: RowTraits = {
  text: (json) => sql`':' || ${json}`,
  value: (ref) =>
    sql`case typeof(${ref}) when 'blob' then json_object('$bytes', lower(hex(${ref})))
      else ${ref} end`,
  object: (parts) => sql`'{' || ${sql.join(parts, sql` || ',' || `)} || '}'`,
};
