import { BadRequestError } from "@kysera/core";
import type { StandardSchema } from "./standard_schema.ts";

type Input = Readonly<Record<string, unknown>>;

/**
 * Returns the columns of a validated row that the caller gave a value for. What a schema adds of its
 * own, such as a default, is not the caller's: in an update it would replace what is stored.
 *
 * A column that the input has no key for, where the schema dropped another key, may be that key
 * renamed. It is if the schema does not add it without that key.
 *
 * @param schema the schema that made `output` of `input`
 * @param advice what to do where it cannot be told
 * @throws {BadRequestError} if it cannot be told whether a key was renamed
 */
export async function givenColumns(
  schema: StandardSchema<any, any>,
  input: Input,
  output: Input,
  { action, advice }: { readonly action: string; readonly advice: string },
): Promise<string[]> {
  const columns = Object.keys(output).filter((column) => output[column] !== undefined);
  const given = columns.filter((column) => isGiven(input, column));
  if (given.length === columns.length) return given;
  const dropped = Object.keys(input).filter((key) =>
    input[key] !== undefined && !Object.hasOwn(output, key)
  );
  if (dropped.length === 0) return given;
  const without = Object.entries(input).filter(([key]) => !dropped.includes(key));
  const result = await schema["~standard"].validate(Object.fromEntries(without));
  const added = columns.filter((column) => !isGiven(input, column));
  if (result.issues !== undefined) {
    throw new BadRequestError(
      `Cannot ${action}: the schema has ${names(added)} in place of ${names(dropped)}, and it ` +
        `cannot be told which of them are defaults; ${advice}`,
    );
  }
  const byItself = result.value as Input | undefined;
  return [...given, ...added.filter((column) => byItself?.[column] === undefined)];
}

function isGiven(input: Input, column: string): boolean {
  return Object.hasOwn(input, column) && input[column] !== undefined;
}

function names(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(", ");
}
