import { auditPlugin } from "@kysera/audit";
import type { Plugin } from "@kysera/executor";
import { timestampsPlugin } from "@kysera/timestamps";

export const plugins: Plugin[] = [
  timestampsPlugin(),
  auditPlugin({ tables: ["posts"] }),
];

export const principals: Record<string, object | undefined> = {
  Ada: { auth: { userId: "ada" }, requestId: "r-17" },
};
