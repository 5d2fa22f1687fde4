import type { Plugin } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";

// Every table that has a column "deleted_at".
export const plugins: Plugin[] = [
  softDeletePlugin({ onDelete: "soft" }),
];
