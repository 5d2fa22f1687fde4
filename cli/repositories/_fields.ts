/** The fields of a schema, as far as they are known. */
export interface SchemaFields {
  readonly all: ReadonlySet<string>;
  /** Those that a value has to have. */
  readonly required: ReadonlySet<string>;
  /** Whether fields that need not be there are known as well. */
  readonly isWhole: boolean;
}

interface Schema {
  readonly "~standard": { validate(value: unknown): unknown };
}

/**
 * Returns the fields of a schema: what it misses in an empty object, and what Zod, Valibot, ArkType and
 * Yup say of their objects.
 */
export async function fieldsOf(schema: Schema): Promise<SchemaFields> {
  const result = await schema["~standard"].validate({}) as {
    readonly issues?: readonly { readonly path?: readonly unknown[] | undefined }[] | undefined;
  };
  const required = (result.issues ?? []).flatMap(({ path }) => {
    const [first] = path ?? [];
    const key = typeof first === "object" && first !== null && "key" in first ? first.key : first;
    return typeof key === "string" ? [key] : [];
  });
  const known = shapeOf(schema);
  return {
    all: new Set([...known ?? [], ...required]),
    required: new Set(required),
    isWhole: known !== undefined,
  };
}

function shapeOf(schema: object): string[] | undefined {
  const { shape, entries, fields, props } = schema as Record<string, unknown>;
  for (const members of [shape, entries, fields]) {
    if (typeof members === "object" && members !== null) return Object.keys(members);
  }
  // ArkType lists its properties.
  if (!Array.isArray(props)) return undefined;
  return props.flatMap(({ key }: { key?: unknown }) => typeof key === "string" ? [key] : []);
}
