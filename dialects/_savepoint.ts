import {
  type CompiledQuery,
  createQueryId,
  IdentifierNode,
  type QueryCompiler,
  RawNode,
} from "kysely";

/** Compiles `<command> "<name>"`, the name quoted as the dialect does it. */
export function savepointCommand(
  command: "savepoint" | "rollback to" | "release",
  name: string,
  compileQuery: QueryCompiler["compileQuery"],
): CompiledQuery {
  const node = RawNode.createWithChildren([
    RawNode.createWithSql(`${command} `),
    IdentifierNode.create(name),
  ]);
  return compileQuery(node, createQueryId());
}
