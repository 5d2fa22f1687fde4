import type { Plugin } from "@kysera/executor";
import { timestampsPlugin } from "@kysera/timestamps";

// Every table that has "created_at" or "updated_at".
export const plugins: Plugin[] = [timestampsPlugin()];
