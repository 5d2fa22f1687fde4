import { join } from "node:path";
import process from "node:process";
import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../../tests/support/matrix.ts";
import { createProject, type Project } from "./program.ts";

/** A project with a database of its own. */
export interface ProjectDatabase {
  readonly project: Project;
  /** What `--confirm` has to say. */
  readonly name: string;
  /** The database, to look into; absent for SQLite, whose file the program creates. */
  readonly db: Kysely<any> | undefined;
  readonly url: string;
}

/** Runs a test in a project whose configuration names an empty database, and removes both. */
export async function withDatabase(
  dialect: TestDialect,
  test: (database: ProjectDatabase) => Promise<void>,
): Promise<void> {
  const project = createProject();
  try {
    if (dialect.name === "sqlite") {
      await configure(project, "sqlite:app.db");
      await test({
        project,
        name: "app.db",
        db: undefined,
        url: `sqlite:${join(project.folder, "app.db")}`,
      });
      return;
    }
    const { db, close } = await dialect.open();
    try {
      const { url, name } = await urlOf(db, dialect);
      await configure(project, url);
      await test({ project, name, db, url });
    } finally {
      await close();
    }
  } finally {
    project.remove();
  }
}

async function configure(project: Project, url: string): Promise<void> {
  await project.write("kysera.config.json", JSON.stringify({ database: { connection: url } }));
}

async function urlOf(
  db: Kysely<any>,
  dialect: TestDialect,
): Promise<{ readonly url: string; readonly name: string }> {
  if (dialect.name === "postgres") {
    const url = new URL(process.env["KYSERA_TEST_POSTGRES_URL"]!);
    const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
    const options = `-c search_path=${rows[0]!.name}`;
    return {
      url: `${url.href}?options=${encodeURIComponent(options)}`,
      name: url.pathname.slice(1),
    };
  }
  const url = new URL(process.env["KYSERA_TEST_MYSQL_URL"]!);
  const { rows } = await sql<{ name: string }>`select database() as name`.execute(db);
  url.pathname = `/${rows[0]!.name}`;
  return { url: url.href, name: rows[0]!.name };
}
