/**
 * A stand-in for Neon's HTTP endpoint, in front of a PostgreSQL server: the protocol that
 * https://github.com/neondatabase/serverless documents by its client.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { neonHttpDialect } from "@kysera/dialects";
import { Kysely } from "kysely";
import type { ClientBase, Pool } from "pg";
import { uniqueName } from "./_names.ts";
import type { TestDatabase } from "./matrix.ts";

/** What the endpoint was sent. */
export interface NeonRequest {
  readonly headers: IncomingMessage["headers"];
  /** How many statements the request had. */
  readonly statements: number;
}

/** An endpoint. */
export interface NeonEndpoint {
  readonly url: string;
  readonly requests: readonly NeonRequest[];
  close(): Promise<void>;
}

interface Statement {
  readonly query: string;
  readonly params?: readonly (string | null)[];
}

const ISOLATION: Readonly<Record<string, string>> = {
  ReadUncommitted: "read uncommitted",
  ReadCommitted: "read committed",
  RepeatableRead: "repeatable read",
  Serializable: "serializable",
};
/** What PostgreSQL tells with an error. */
const FIELDS = ["severity", "code", "detail", "hint", "position", "where", "schema", "table"]
  .concat(["column", "dataType", "constraint", "file", "line", "routine"]);

/** Starts an endpoint for the databases that the requests name. */
export async function startNeonEndpoint(): Promise<NeonEndpoint> {
  const { default: pg } = await import("pg");
  const pools = new Map<string, Pool>();
  const requests: NeonRequest[] = [];
  const poolOf = (connectionString: string): Pool => {
    let pool = pools.get(connectionString);
    if (pool === undefined) {
      pool = new pg.Pool({ connectionString, max: 4 });
      pool.on("error", () => {});
      pools.set(connectionString, pool);
    }
    return pool;
  };
  const server = createServer((request, response) => {
    answer(request, poolOf, requests).then(
      (body) => send(response, 200, body),
      (error) => send(response, 400, errorBody(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sql`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

/**
 * A fresh schema on a PostgreSQL server, behind an endpoint of its own.
 *
 * @param url the server
 */
export async function openNeon(
  url: string,
): Promise<TestDatabase & { readonly endpoint: NeonEndpoint }> {
  const { default: pg } = await import("pg");
  const schema = uniqueName();
  const admin = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await admin(`create schema "${schema}"`);
  const endpoint = await startNeonEndpoint();
  const connectionString = new URL(url);
  connectionString.searchParams.set(
    "options",
    `-c search_path=${schema} -c client_min_messages=warning`,
  );
  const db = new Kysely<any>({
    dialect: neonHttpDialect({ connectionString: connectionString.href, endpoint: endpoint.url }),
  });
  return {
    db,
    endpoint,
    async close() {
      await db.destroy();
      await endpoint.close();
      await admin(`drop schema "${schema}" cascade`);
    },
  };
}

async function answer(
  request: IncomingMessage,
  poolOf: (connectionString: string) => Pool,
  requests: NeonRequest[],
): Promise<object> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString()) as
    | Statement
    | { readonly queries: readonly Statement[] };
  const { headers } = request;
  for (const name of ["neon-raw-text-output", "neon-array-mode"]) {
    if (headers[name] !== "true") throw new Error(`The stand-in wants ${name}`);
  }
  const batch = "queries" in body ? body.queries : undefined;
  requests.push({ headers, statements: batch?.length ?? 1 });
  const client = await poolOf(String(headers["neon-connection-string"])).connect();
  let failure: Error | undefined;
  try {
    if (batch === undefined) return await run(client, body as Statement);
    const level = ISOLATION[String(headers["neon-batch-isolation-level"])];
    await client.query(level === undefined ? "begin" : `begin isolation level ${level}`);
    const results: object[] = [];
    try {
      for (const statement of batch) results.push(await run(client, statement));
      await client.query("commit");
    } catch (error) {
      await client.query("rollback");
      throw error;
    }
    return { results };
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    // A session is nobody's between requests.
    client.release(failure === undefined ? undefined : true);
  }
}

async function run(client: ClientBase, { query, params = [] }: Statement): Promise<object> {
  const { command, rowCount, fields, rows } = await client.query({
    text: query,
    values: [...params],
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
  } as never) as unknown as {
    command: string;
    rowCount: number | null;
    fields: { name: string; dataTypeID: number }[];
    rows: unknown[];
  };
  return {
    command,
    rowCount,
    fields: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
    rows,
    rowAsArray: true,
  };
}

function errorBody(error: unknown): object {
  const told = error as Readonly<Record<string, unknown>>;
  return Object.fromEntries(["message", ...FIELDS].map((name) => [name, told[name] ?? null]));
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
