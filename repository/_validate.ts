import { ValidationError, type ValidationIssue } from "./errors.ts";
import type {
  StandardIssue,
  StandardResult,
  StandardSchema,
  ValidationSchema,
} from "./standard_schema.ts";

/** Whether a value is a Standard Schema. */
export function isStandard(schema: unknown): schema is StandardSchema<any, any> {
  const standard = (schema as Partial<StandardSchema> | null | undefined)?.["~standard"];
  return standard?.version === 1 && typeof standard.validate === "function";
}

/** Whether a value is a schema of two functions. */
export function isParser(schema: unknown): schema is ValidationSchema<any> {
  const { parse, safeParse } = (schema ?? {}) as Partial<ValidationSchema>;
  return typeof parse === "function" && typeof safeParse === "function";
}

/** Whichever schema as a Standard Schema, or nothing where it is none. */
export function standardOf(schema: unknown): StandardSchema<any, any> | undefined {
  if (isStandard(schema)) return schema;
  if (!isParser(schema)) return undefined;
  const validate = (value: unknown): StandardResult<any> => {
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    const { issues, message } = result.error;
    return { issues: Array.isArray(issues) && issues.length > 0 ? issues : [{ message }] };
  };
  return { "~standard": { version: 1, vendor: "kysera", validate } };
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

/** An issue with its path as keys. */
export function issueOf({ message, path }: StandardIssue): ValidationIssue {
  return {
    message,
    // A list of its own: that of some libraries is an object of theirs.
    path: Array.from(path ?? [], (key) => typeof key === "object" ? key.key : key),
  };
}
