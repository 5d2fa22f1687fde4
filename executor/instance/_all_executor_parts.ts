import { ALL_PARTS } from "../rewrite/parts/all_parts.ts";
import { runAround } from "../run/_around.ts";
import type { ExecutorParts } from "./_executor_parts.ts";

/** All that executors may need, for those that are created without waiting. */
export const ALL_EXECUTOR_PARTS: ExecutorParts = { rewrite: ALL_PARTS, runAround };
