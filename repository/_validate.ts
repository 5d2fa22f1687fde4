import { ValidationError, type ValidationIssue } from "./errors.ts";
import type {
  ParseSchema,
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

/** Whether a value is a schema of a function that throws, and perhaps of one that does not. */
export function isParser(schema: unknown): schema is ValidationSchema<any> | ParseSchema<any> {
  return typeof (schema as Partial<ParseSchema> | null | undefined)?.parse === "function";
}

/** Whichever schema as a Standard Schema, or nothing where it is none. */
export function standardOf(schema: unknown): StandardSchema<any, any> | undefined {
  if (isStandard(schema)) return schema;
  if (!isParser(schema)) return undefined;
  const { safeParse } = schema as Partial<ValidationSchema<any>>;
  const validate = typeof safeParse !== "function"
    ? (value: unknown) => parsedBy(schema, value)
    : (value: unknown): StandardResult<any> => {
      const result = safeParse.call(schema, value);
      if (result.success) return { value: result.data };
      const { issues, message } = result.error;
      return { issues: Array.isArray(issues) && issues.length > 0 ? issues : [{ message }] };
    };
  return { "~standard": { version: 1, vendor: "kysera", validate } };
}

/** What a schema that throws says of a value. */
export function parsedBy(
  schema: Pick<ParseSchema<any>, "parse">,
  value: unknown,
): StandardResult<any> | Promise<StandardResult<any>> {
  try {
    const parsed: unknown = schema.parse(value);
    if (!(parsed instanceof Promise)) return { value: parsed };
    return parsed.then((value) => ({ value }), refused);
  } catch (error) {
    return refused(error);
  }
}

/** What was thrown as issues: errors of most libraries say what is wrong issue by issue. */
function refused(error: unknown): StandardResult<any> {
  const { issues, message } = (error ?? {}) as { issues?: unknown; message?: unknown };
  return Array.isArray(issues) && issues.length > 0
    ? { issues }
    : { issues: [{ message: typeof message === "string" ? message : String(error) }] };
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
