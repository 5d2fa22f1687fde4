import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRepository, type StandardSchema, ValidationError } from "@kysera/repository";
import { type } from "arktype";
import type { Kysely } from "kysely";
import * as v from "valibot";
import * as yup from "yup";
import * as z from "zod";
import { matrix, onEveryDialect } from "../support/matrix.ts";
import { type Database, inWorld } from "./_world.ts";

interface Input {
  email: string;
  name: string;
}

/** The same rules in four libraries. */
const LIBRARIES: Readonly<
  Record<string, {
    readonly create: StandardSchema<any, any>;
    readonly update: StandardSchema<any, any>;
    /** Whether keys that the schema does not know are dropped; else they are kept. */
    readonly strips: boolean;
  }>
> = {
  zod: {
    create: z.object({ email: z.email(), name: z.string().min(2) }),
    update: z.object({ email: z.email(), name: z.string().min(2) }).partial(),
    strips: true,
  },
  valibot: {
    create: v.object({
      email: v.pipe(v.string(), v.email()),
      name: v.pipe(v.string(), v.minLength(2)),
    }),
    update: v.partial(v.object({
      email: v.pipe(v.string(), v.email()),
      name: v.pipe(v.string(), v.minLength(2)),
    })),
    strips: true,
  },
  arktype: {
    create: type({ email: "string.email", name: "string >= 2" }),
    update: type({ "email?": "string.email", "name?": "string >= 2" }),
    strips: false,
  },
  yup: {
    create: yup.object({
      email: yup.string().email().required(),
      name: yup.string().min(2).required(),
    }),
    update: yup.object({ email: yup.string().email(), name: yup.string().min(2) }),
    strips: false,
  },
};

onEveryDialect("validation", (dialect) => {
  for (const [library, { create, update, strips }] of Object.entries(LIBRARIES)) {
    it(`with ${library}: inputs are validated before any SQL`, () =>
      inWorld(dialect, async ({ db }) => {
        const statements: string[] = [];
        const watched: Kysely<Database> = db.withPlugin({
          transformQuery: ({ node }) => (statements.push(node.kind), node),
          transformResult: ({ result }) => Promise.resolve(result),
        });
        const people = createRepository(watched, {
          tableName: "people",
          schemas: { create, update },
        });
        const good = { email: "fay@x.org", name: "Fay" };
        const bad = { email: "no", name: "F" };
        const refused = async (work: Promise<unknown>, paths: string[]): Promise<void> => {
          await assert.rejects(work, (error) => {
            assert.ok(error instanceof ValidationError, String(error));
            assert.deepEqual(error.issues.map(({ path }) => path.join(".")).sort(), paths);
            for (const { message } of error.issues) assert.ok(message.length > 0);
            return true;
          });
        };
        await refused(people.create(bad), ["email", "name"]);
        await refused(people.update(1, { name: "F" }), ["name"]);
        await refused(people.updateWhere({ id: 1 }, { name: "F" }), ["name"]);
        await refused(people.bulkCreate([good, bad]), ["email", "name"]);
        await refused(
          people.bulkUpdate([{ id: 1, data: { name: "Good" } }, { id: 4, data: { name: "F" } }]),
          ["name"],
        );
        await refused(people.upsert(bad, { conflictColumns: ["email"] }), ["email", "name"]);
        assert.deepEqual(statements, []);

        const fay = await people.create(good);
        assert.equal(fay.name, "Fay");
        // What is not given is left as it is.
        assert.equal((await people.update(fay.id, { name: "Gil" })).email, "fay@x.org");
        const extra = { ...good, email: "x@x.org", score: 1_000 };
        assert.equal((await people.create(extra)).score, strips ? 7 : 1_000);
      }));
  }
});

const [sqlite] = matrix;

describe("schemas", { skip: sqlite?.skip ?? false }, () => {
  it("may transform, have defaults, and take their time", () =>
    inWorld(sqlite!, async ({ db }) => {
      const create = z.object({
        email: z.string().transform((text) => text.toLowerCase()),
        name: z.string().default("nobody"),
      }).refine(async ({ email }) => await Promise.resolve(email !== "taken@x.org"), {
        path: ["email"],
        message: "is taken",
      });
      const people = createRepository(db, { tableName: "people", schemas: { create } });
      // The input's type is the schema's: `name` has a default.
      const fay = await people.create({ email: "FAY@X.ORG" });
      assert.equal(fay.email, "fay@x.org");
      assert.equal(fay.name, "nobody");
      await assert.rejects(people.create({ email: "TAKEN@x.org" }), /email: is taken/);
      // @ts-expect-error: the schema wants a text
      await assert.rejects(people.create({ email: 1 }), ValidationError);
    }));

  it("may refuse unknown keys", () =>
    inWorld(sqlite!, async ({ db }) => {
      const people = createRepository(db, {
        tableName: "people",
        schemas: {
          create: z.strictObject({ email: z.string() }),
          update: v.strictObject({ name: v.optional(v.string()) }),
        },
      });
      const more = { email: "e", score: 1 };
      await assert.rejects(people.create(more), ValidationError);
      await assert.rejects(people.update(1, { score: 1 } as never), ValidationError);
      assert.equal((await people.update(1, { name: "x" })).name, "x");
    }));

  it("tell where in a nested value the issue is", () =>
    inWorld(sqlite!, async ({ db }) => {
      const schemas = {
        create: v.object({ email: v.object({ parts: v.array(v.string()) }) }),
      };
      // @ts-expect-error: such an email is not a text
      const people = createRepository(db, { tableName: "people", schemas });
      await assert.rejects(people.create({ email: { parts: ["a", 1 as never] } }), (error) => {
        assert.ok(error instanceof ValidationError);
        assert.deepEqual(error.issues[0]?.path, ["email", "parts", 1]);
        assert.match(error.message, /^Cannot create a row of "people": email\.parts\.1: /);
        assert.equal(error.code, "VALIDATION_INVALID_INPUT");
        return true;
      });
    }));

  it("of entities are looked at when they are asked for", () =>
    inWorld(sqlite!, async ({ db }) => {
      let seen = 0;
      const entity = z.object({ id: z.number(), name: z.string() }).transform((row) => {
        seen++;
        return { ...row, checked: true };
      });
      const repository = (validateDbResults: boolean | number | undefined) =>
        createRepository(db, { tableName: "people", schemas: { entity }, validateDbResults });

      // The row without a name is refused.
      await assert.rejects(repository(true).findAll(), /Cannot read a row of "people": name/);
      await assert.rejects(repository(true).findById(5), ValidationError);
      assert.deepEqual(await repository(true).findById(1), { id: 1, name: "Ada", checked: true });
      seen = 0;
      for (const off of [false, undefined, 0]) {
        assert.equal((await repository(off).findAll()).length, 5);
      }
      assert.equal(seen, 0);
      const some = repository(0.3);
      for (let i = 0; i < 200; i++) {
        await some.findById(1);
      }
      assert.ok(seen > 20 && seen < 120, `${seen} of 200`);
    }));

  it("of entities see what mapRow makes", () =>
    inWorld(sqlite!, async ({ db }) => {
      const people = createRepository(db, {
        tableName: "people",
        mapRow: ({ id, name }) => ({ key: id, name }),
        schemas: { entity: z.object({ key: z.number(), name: z.string() }) },
        validateDbResults: true,
      });
      const ada: { key: number; name: string | null } | null = await people.findById(1);
      assert.deepEqual(ada, { key: 1, name: "Ada" });
      await assert.rejects(people.findById(5), ValidationError);
    }));

  it("give the types of the inputs", () =>
    inWorld(sqlite!, async ({ db }) => {
      const create = z.object({ email: z.email(), name: z.string() });
      const people = createRepository(db, {
        tableName: "people",
        schemas: { create, update: create.partial() },
      });
      const input: Parameters<typeof people.create>[0] = { email: "a@x.org", name: "A" };
      const same: Input = input;
      assert.equal((await people.create(same)).name, "A");
      // @ts-expect-error: a key is missing
      await assert.rejects(people.create({ name: "A" }), ValidationError);
      // @ts-expect-error: it is a text
      await assert.rejects(people.update(1, { name: 1 }), ValidationError);
    }));
});
