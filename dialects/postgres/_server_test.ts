/** An own schema on the PostgreSQL server of the tests. */
import process from "node:process";

const url = process.env["KYSERA_TEST_POSTGRES_URL"];

/** Why there is no server. */
export const noServer: string | undefined = url ? undefined : "KYSERA_TEST_POSTGRES_URL is not set";

export interface OwnSchema {
  readonly url: string;
  readonly schema: string;
  drop(): Promise<void>;
}

export async function ownSchema(): Promise<OwnSchema> {
  const schema = `kysera_dialects_${crypto.randomUUID().replaceAll("-", "")}`;
  await run(`create schema ${schema}`);
  return { url: url!, schema, drop: () => run(`drop schema ${schema} cascade`) };
}

async function run(statement: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url! });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
