import type { ProjectChoice } from "./_choice.ts";
import { traitsOf } from "./_databases.ts";

/** `kysera.config.ts` */
export function configFile(choice: ProjectChoice): string {
  return `import { defineConfig } from "@kysera/cli";
import process from "node:process";

export default defineConfig({
  database: { connection: process.env["DATABASE_URL"] ?? "${traitsOf(choice).url}" },
});
`;
}

/** The first migration. */
export function migrationFile(choice: ProjectChoice): string {
  const { id, text, time, now } = traitsOf(choice);
  const isStamped = choice.plugins.includes("timestamps");
  const columns = [
    `"id", ${id}`,
    `"email", "${text}", (column) => column.notNull().unique()`,
    `"name", "${text}", (column) => column.notNull()`,
    ...isStamped
      ? ["created_at", "updated_at"].map((name) =>
        `"${name}", "${time}", (column) => column.notNull().defaultTo(now)`
      )
      : [],
    ...choice.plugins.includes("soft-delete") ? [`"deleted_at", "${time}"`] : [],
  ];
  return `${isStamped ? "import { type Kysely, sql }" : "import type { Kysely }"} from "kysely";

export async function up(db: Kysely<any>): Promise<void> {
${isStamped ? `  const now = ${now};\n` : ""}  await db.schema
    .createTable("users")
${columns.map((column) => `    .addColumn(${column})\n`).join("")}    .execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("users").execute();
}
`;
}

/** `src/database.ts` */
export function databaseFile(choice: ProjectChoice): string {
  const { imports, dialectName, dialect, url } = traitsOf(choice);
  const plugins = choice.plugins.map((plugin) => PLUGIN_CALLS[plugin]);
  return `${imports.join("\n")}
import { ${dialectName} } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
${
    plugins.map(({ name, from }) => `import { ${name} } from "${from}";\n`).join("")
  }import { Kysely } from "kysely";
import process from "node:process";
import type { DB } from "./types.ts";

/** Opens the database; its plugins hold for every query. */
export async function openDatabase(
  url: string = process.env["DATABASE_URL"] ?? "${url}",
): Promise<Kysely<DB>> {
  const dialect = ${dialect};
  return await createExecutor(new Kysely<DB>({ dialect }), [
${plugins.map(({ call }) => `    ${call},\n`).join("")}  ]);
}
`;
}

const PLUGIN_CALLS = {
  "timestamps": {
    name: "timestampsPlugin",
    from: "@kysera/timestamps",
    call: "timestampsPlugin()",
  },
  "soft-delete": {
    name: "softDeletePlugin",
    from: "@kysera/soft-delete",
    call: 'softDeletePlugin({ onDelete: "soft" })',
  },
} as const;

/** `src/users.ts` */
export function usersFile(): string {
  return `import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import * as z from "zod";
import type { DB } from "./types.ts";

/** What a user has to be told of. */
export const NewUser = z.object({ email: z.email(), name: z.string().min(1) });

/** Reads and writes users: in a database, or in a transaction. */
export function usersOf(db: Kysely<DB>) {
  return createRepository(db, {
    tableName: "users",
    schemas: { create: NewUser, update: NewUser.partial() },
  });
}
`;
}

/** `src/app.ts` */
export function appFile(): string {
  return `import { toProblemDetails } from "@kysera/core";
import { Hono } from "hono";
import type { Kysely } from "kysely";
import type { DB } from "./types.ts";
import { usersOf } from "./users.ts";

/** Creates the API of a database. */
export function createApp(db: Kysely<DB>): Hono {
  const app = new Hono();
  const users = usersOf(db);

  app.get("/users", async (context) => context.json(await users.findAll()));
  app.get("/users/:id", async (context) => {
    return context.json(await users.getById(Number(context.req.param("id"))));
  });
  app.post("/users", async (context) => {
    return context.json(await users.create(await context.req.json()), 201);
  });
  app.delete("/users/:id", async (context) => {
    const isFound = await users.delete(Number(context.req.param("id")));
    return context.body(null, isFound ? 204 : 404);
  });

  // RFC 9457: it tells what is wrong, and no values.
  app.onError((error) => {
    const problem = toProblemDetails(error);
    return Response.json(problem, {
      status: problem.status ?? 500,
      headers: { "content-type": "application/problem+json" },
    });
  });
  return app;
}
`;
}

/** `src/main.ts` */
export function mainFile({ runtime }: ProjectChoice): string {
  const serve = {
    deno: "Deno.serve({ port }, app.fetch);",
    node: "serve({ fetch: app.fetch, port });",
    bun: "Bun.serve({ port, fetch: app.fetch });",
  }[runtime];
  const server = runtime === "node" ? 'import { serve } from "@hono/node-server";\n' : "";
  return `${server}import process from "node:process";
import { createApp } from "./app.ts";
import { openDatabase } from "./database.ts";

const port = Number(process.env["PORT"] ?? 8000);
const app = createApp(await openDatabase());
${serve}
console.log(\`http://localhost:\${port}/users\`);
`;
}
