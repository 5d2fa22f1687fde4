import type { Kysely } from "kysely";
import type { z } from "zod";
import type { Catalog } from "./_catalog.ts";
import type { Limits } from "./_limits.ts";
import type { Protection } from "./_protection.ts";

/** What tools work with. */
export interface ToolKit {
  /** The executor, bound to whom the assistant asks as. */
  readonly db: Kysely<any>;
  readonly catalog: Catalog;
  readonly protection: Protection;
  readonly limits: Limits;
  /** PostgreSQL's own parser, where the project has it. */
  readonly parse: ((sql: string) => unknown) | undefined;
}

/** What a tool has found. */
export interface ToolAnswer {
  readonly data: Record<string, unknown>;
  /** What the log says of it. There are no values in it. */
  readonly log: string;
}

/** What an assistant can call. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The arguments. */
  readonly input: Readonly<Record<string, z.ZodType>>;
  /** What it does to rows; absent if it only reads. */
  readonly writes?: "adds" | "destroys" | undefined;
  run(args: unknown, kit: ToolKit): Promise<ToolAnswer>;
}

/** Declares a tool, with the types of its arguments. */
export function defineTool<T>(
  tool: Omit<Tool, "run" | "input"> & {
    readonly input: { readonly [Name in keyof T]-?: z.ZodType<T[Name]> };
    readonly run: (args: T, kit: ToolKit) => Promise<ToolAnswer>;
  },
): Tool {
  // The arguments are parsed by the input before.
  return { ...tool, run: (args, kit) => tool.run(args as T, kit) };
}
