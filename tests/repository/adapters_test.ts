import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BadRequestError } from "@kysera/core";
import {
  type AnySchema,
  createRepository,
  createValidator,
  customAdapter,
  extractPrimaryKey,
  getValidationMode,
  isValidationSchema,
  isValidRow,
  nativeAdapter,
  normalizePrimaryKeyConfig,
  normalizePrimaryKeyInput,
  normalizeSchema,
  safeParse,
  shouldValidate,
  typeboxAdapter,
  valibotAdapter,
  ValidationError,
  type ValidationSchema,
  zodAdapter,
} from "@kysera/repository";
import { type } from "arktype";
import * as v from "valibot";
import * as yup from "yup";
import * as z from "zod";
import { onEveryDialect } from "../support/matrix.ts";
import { inWorld } from "./_world.ts";

interface Input {
  email: string;
  name: string;
}

/** What has parse and safeParse, and nothing else. */
const handWritten: ValidationSchema<Input> = {
  parse(data) {
    const result = this.safeParse(data);
    if (result.success) return result.data;
    throw new Error(result.error.message);
  },
  safeParse(data) {
    const { email, name } = data as Partial<Input>;
    return typeof email === "string" && email.includes("@") && typeof name === "string"
      ? { success: true, data: { email: email.toLowerCase(), name } }
      : {
        success: false,
        error: { message: "no", issues: [{ path: ["email"], message: "The address has no @" }] },
      };
  },
};

const typebox = {
  Check: (_schema: unknown, value: unknown) => handWritten.safeParse(value).success,
  Errors: () => [{ path: "/email", message: "Expected an address" }],
};

const SCHEMAS: Readonly<Record<string, AnySchema>> = {
  zodAdapter: zodAdapter(z.object({ email: z.email(), name: z.string() })),
  valibotAdapter: valibotAdapter(
    v.object({ email: v.pipe(v.string(), v.email()), name: v.string() }),
  ),
  typeboxAdapter: typeboxAdapter<Input>({}, typebox),
  customAdapter: customAdapter((data) => {
    const result = handWritten.safeParse(data);
    if (result.success) return result.data;
    throw Object.assign(new Error("no"), { issues: result.error.issues });
  }),
  "parse and safeParse": handWritten,
  "normalizeSchema of ArkType": normalizeSchema(type({ email: "string.email", name: "string" })),
  "normalizeSchema of Zod": normalizeSchema(z.object({ email: z.email(), name: z.string() })),
};

onEveryDialect("adapters of schemas", (dialect) => {
  it("a repository takes what they make", () =>
    inWorld(dialect, async ({ executor, db }) => {
      for (const [name, create] of Object.entries(SCHEMAS)) {
        const people = createRepository(executor, { tableName: "people", schemas: { create } });
        const fay = await people.create({ email: "fay@x.org", name: "Fay" });
        assert.equal(fay.name, "Fay", name);
        await assert.rejects(people.create({ email: "fay", name: "Fay" }), (error) => {
          assert.ok(error instanceof ValidationError, name);
          assert.deepEqual(error.issues.map(({ path }) => path), [["email"]], name);
          return true;
        });
        assert.equal(await people.count(), 4, name);
        await db.deleteFrom("people").where("id", "=", fay.id).execute();
      }
    }));

  it("validationStrategy none takes inputs as they are", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, {
        tableName: "people",
        schemas: { create: SCHEMAS["zodAdapter"]! },
        validationStrategy: "none",
      });
      assert.equal((await people.create({ email: "fay", name: "Fay" })).email, "fay");
      const wrong = { tableName: "people", validationStrategy: "some" } as never;
      assert.throws(() => createRepository(executor, wrong), BadRequestError);
      const none = { tableName: "people", schemas: { create: { parse: 1 } } } as never;
      assert.throws(() => createRepository(executor, none), BadRequestError);
    }));

  it("an object with parse alone is one, whether it waits or not", () =>
    inWorld(dialect, async ({ executor }) => {
      const check = (data: unknown): { email: string; name: string } => {
        const { email, name } = data as { email: string; name: unknown };
        if (typeof name !== "string") throw new Error("the name is not a text");
        return { email: email.trim(), name };
      };
      const parses = [check, (data: unknown) => Promise.resolve().then(() => check(data))];
      for (const [i, parse] of parses.entries()) {
        const people = createRepository(executor, {
          tableName: "people",
          schemas: { create: { parse } },
        });
        const made = await people.create({ email: ` ada${i} `, name: "Ada" });
        assert.equal(made.email, `ada${i}`);
        await assert.rejects(
          people.create({ email: "x", name: 5 } as never),
          (error) =>
            error instanceof ValidationError &&
            error.issues[0]?.message === "the name is not a text",
        );
      }
      assert.equal(customAdapter({ parse: check }).safeParse({ name: 5 }).success, false);
    }));
}, ["sqlite", "mysql"]);

describe("schemas and validators", () => {
  const zod = z.object({ n: z.number(), s: z.string().default("x") });

  it("partial() asks for nothing, with the libraries that have it", () => {
    const schemas = [
      zodAdapter(z.object({ n: z.number(), s: z.string() })),
      valibotAdapter(v.object({ n: v.number(), s: v.string() }), v),
      customAdapter({ parse: () => ({}), partial: () => z.object({ n: z.number().optional() }) }),
    ];
    for (const schema of schemas) {
      assert.deepEqual(schema.partial?.().safeParse({ n: 1 }), { success: true, data: { n: 1 } });
      assert.equal(schema.partial?.().safeParse({ n: "x" }).success, false);
    }
    assert.equal(valibotAdapter(v.object({})).partial, undefined);
    assert.equal(typeof nativeAdapter().partial?.().parse, "function");
  });

  it("parse() throws a ValidationError with every issue", () => {
    assert.deepEqual(normalizeSchema(zod).parse({ n: 1 }), { n: 1, s: "x" });
    assert.throws(() => normalizeSchema(zod).parse({ n: "1", s: 2 }), (error) => {
      assert.ok(error instanceof ValidationError);
      assert.deepEqual(error.issues.map(({ path }) => path), [["n"], ["s"]]);
      return true;
    });
    const result = safeParse(zod, { n: "1" });
    assert.equal(result.success, false);
    const thrown = customAdapter(() => {
      throw "text";
    }).safeParse(1);
    assert.ok(!thrown.success && /text/.test(thrown.error.message));
  });

  it("a schema that has to wait is refused where nobody waits", () => {
    const late = z.string().refine(() => Promise.resolve(true));
    assert.throws(() => safeParse(late, "x"));
    assert.throws(
      () => (safeParse as (...args: unknown[]) => unknown)(zod, {}, { throwOnError: true }),
      /takes no options.*validateSafe/,
    );
    // Yup's Standard Schema always waits.
    assert.throws(() => normalizeSchema(yup.string()).parse("x"), BadRequestError);
    const promised = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => Promise.resolve({ value }),
      },
    };
    assert.throws(() => normalizeSchema(promised).parse(1), BadRequestError);
  });

  it("isValidationSchema() knows schemas from other things", () => {
    for (const schema of [zod, handWritten, v.string(), type("string"), yup.string()]) {
      assert.equal(isValidationSchema(schema), true);
    }
    for (const other of [null, undefined, 5, {}, { parse() {} }, { "~standard": {} }, "x"]) {
      assert.equal(isValidationSchema(other), false);
      assert.throws(() => normalizeSchema(other as never), BadRequestError);
    }
    assert.throws(() => customAdapter({} as never), BadRequestError);
  });

  it("a validator respects its options", () => {
    const always = createValidator(zod, { mode: "always" });
    assert.throws(() => always.validate({}, "result"), ValidationError);
    assert.equal(always.validateSafe({}, "result"), null);
    const never = createValidator(zod, { mode: "never" });
    assert.deepEqual(never.validate({}), {});
    assert.deepEqual(never.validateSafe({}), {});
    assert.equal(never.isValid({}), false);
    const rows = createValidator(zod, { validateInputs: false, validateDbResults: true });
    assert.deepEqual(rows.validate({}), {});
    assert.throws(() => rows.validate({}, "result"), ValidationError);
    assert.equal(getValidationMode({}), "production");
    assert.deepEqual(
      (["always", "development", "production", "never"] as const).map((mode) => [
        shouldValidate({ mode }),
        shouldValidate({ mode }, "result"),
      ]),
      [[true, true], [true, true], [true, false], [false, false]],
    );
    for (const wrong of [{ mode: "sometimes" }, { strict: true }]) {
      assert.throws(() => createValidator(zod, wrong as never), BadRequestError);
    }
  });

  it("keys of rows", () => {
    const composite = ["hall", "seat"];
    assert.deepEqual(normalizePrimaryKeyConfig("id", "uuid"), { columns: "id", type: "uuid" });
    for (const wrong of [[], ["a", "a"], "", "__proto__", "t.id", { columns: "id", type: "int" }]) {
      assert.throws(() => normalizePrimaryKeyConfig(wrong as never), BadRequestError);
    }
    assert.deepEqual(
      normalizePrimaryKeyInput({ hall: 1, seat: "a", guest: "x" }, composite),
      { hall: 1, seat: "a" },
    );
    for (const wrong of [5, { hall: 1 }, null, { hall: 1, seat: null }]) {
      assert.throws(() => normalizePrimaryKeyInput(wrong as never, composite), BadRequestError);
    }
    assert.throws(() => normalizePrimaryKeyInput("x", { columns: "id", type: "number" }));
    assert.equal(extractPrimaryKey({ id: 7n }), 7n);
    assert.throws(() => extractPrimaryKey({ name: "x" }), BadRequestError);
    // What is inherited is not a column of a row.
    assert.throws(() => extractPrimaryKey({}, "toString"), BadRequestError);
  });

  it("isValidRow() knows rows from other things", () => {
    for (const row of [{}, { a: 1 }, Object.create(null)]) assert.equal(isValidRow(row), true);
    for (const other of [null, undefined, 1, "x", [], new Date(), new Map(), new Uint8Array()]) {
      assert.equal(isValidRow(other), false);
    }
  });
});
