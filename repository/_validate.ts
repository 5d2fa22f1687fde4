import { BadRequestError } from "@kysera/core";
import { ValidationError, type ValidationIssue } from "./errors.ts";
import type { StandardIssue, StandardSchema } from "./standard_schema.ts";

/** Refuses what is no Standard Schema, when a repository is made. */
export function assertSchema(schema: unknown, name: string): void {
  if (schema === undefined) return;
  const standard = (schema as Partial<StandardSchema> | null)?.["~standard"];
  if (standard?.version === 1 && typeof standard.validate === "function") return;
  throw new BadRequestError(
    `Cannot make a repository: "schemas.${name}" is no Standard Schema; pass one of Zod, Valibot, ` +
      "ArkType, Yup, or another library that implements it",
  );
}

/** What the schema makes of a value. @throws {ValidationError} with every issue */
export async function parse<Output>(
  schema: StandardSchema<any, Output>,
  value: unknown,
  action: string,
): Promise<Output> {
  const result = await schema["~standard"].validate(value);
  if (result.issues !== undefined) throw new ValidationError(action, result.issues.map(issueOf));
  return result.value;
}

function issueOf({ message, path }: StandardIssue): ValidationIssue {
  return {
    message,
    path: (path ?? []).map((key) => typeof key === "object" ? key.key : key),
  };
}
