import {
  createQueryId,
  type OperationNode,
  PostgresQueryCompiler,
  type RootOperationNode,
} from "kysely";
import { RLSSchemaError } from "../contract/errors.ts";

/** SQL of a node, with each value written into it: DDL has no parameters. */
export function inlineSql(node: OperationNode, path: string): string {
  return new InlineCompiler(path).compileQuery(
    // The compiler writes any node; only the types say that it must be a statement.
    node as RootOperationNode,
    createQueryId(),
  ).sql;
}

/** A value as PostgreSQL reads it, whatever `standard_conforming_strings` says. */
export function literal(value: unknown, path: string): string {
  switch (typeof value) {
    case "string":
      return text(value, path);
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      // A minus in front of a number would meet another one.
      if (Number.isFinite(value)) return value < 0 ? `(${value})` : String(value);
      break;
    case "object":
      if (value === null) return "null";
      if (value instanceof Date) return text(value.toISOString(), path);
      if (value instanceof Uint8Array) {
        const hex = Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
        return `decode('${hex}', 'hex')`;
      }
  }
  throw new RLSSchemaError(path, `a value of type ${typeof value} cannot be written into a policy`);
}

function text(value: string, path: string): string {
  if (value.includes("\0")) {
    throw new RLSSchemaError(path, "PostgreSQL has no text with a NUL in it");
  }
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

/** An identifier in quotes. */
export function identifier(...names: readonly string[]): string {
  return names.map((name) => {
    if (name === "" || name.includes("\0")) {
      throw new RLSSchemaError("", `"${name}" is not a name that PostgreSQL could have`);
    }
    return `"${name.replaceAll('"', '""')}"`;
  }).join(".");
}

class InlineCompiler extends PostgresQueryCompiler {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  protected override appendValue(value: unknown): void {
    this.append(literal(value, this.#path));
  }

  protected override appendImmediateValue(value: unknown): void {
    this.append(literal(value, this.#path));
  }
}
