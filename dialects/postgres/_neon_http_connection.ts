import {
  type AtomicBatchConnection,
  BadRequestError,
  BatchRowsError,
  type BatchStatement,
  ConnectionError,
  TransactionNotSupportedError,
} from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { expectingRows, returnsRows, ROWS_MARKER } from "./_expecting_rows.ts";
import { parameterText } from "./_parameter_text.ts";
import { parserOf } from "./_value_parsers.ts";
import type { NeonHttpDialectConfig } from "./neon_http_dialect.ts";

/** What belongs to a transaction, or to a session that ends with the request. */
const COMMAND =
  /^\s*(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|set\s+transaction)\b/i;

type Row = Record<string, unknown>;

/** A statement as it is sent. */
interface Sent {
  readonly query: string;
  readonly params: readonly (string | null)[];
}

/** A result as it comes. */
interface Received {
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A use of Neon's HTTP endpoint: each query is a request of its own, so nothing is held. */
export class NeonHttpConnection implements DatabaseConnection, AtomicBatchConnection {
  readonly #config: NeonHttpDialectConfig;
  readonly #endpoint: string;
  readonly #connectionString: string;

  constructor(config: NeonHttpDialectConfig, endpoint: string, connectionString: string) {
    this.#config = config;
    this.#endpoint = endpoint;
    this.#connectionString = connectionString;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const received = await this.#send(statementOf(query), {});
    // The rows are what the query selects; nobody can check that R says the same.
    return this.#resultOf(received as Received) as QueryResult<R>;
  }

  // deno-lint-ignore require-yield -- Kysely wants a generator, and this one refuses.
  async *streamQuery<R>(_query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    throw new BadRequestError(
      "Cannot stream: Neon over HTTP returns all rows of a statement at once; read them in pages, " +
        "by a key",
    );
  }

  /** @inheritdoc */
  async executeBatch(statements: readonly BatchStatement[]): Promise<readonly QueryResult<Row>[]> {
    const { isolationLevel } = this.#config;
    const sent = statements.map(({ query, rows }, index) =>
      statementOf(rows === undefined ? query : expectingRows(query, rows, index))
    );
    if (sent.length === 0) return [];
    let received: { readonly results?: readonly Received[] };
    try {
      received = await this.#send({ queries: sent }, {
        ...isolationLevel === undefined ? {} : { "Neon-Batch-Isolation-Level": isolationLevel },
      }) as typeof received;
    } catch (error) {
      throw errorOfBatch(error, statements);
    }
    const { results } = received;
    if (!Array.isArray(results) || results.length !== sent.length) {
      throw new RangeError("Cannot read the results of the batch, which was run and is kept");
    }
    return results.map((result: Received, i) => {
      const read = this.#resultOf(result);
      const { rows, query } = statements[i]!;
      if (rows === undefined) return read;
      // What counts the rows is a SELECT around the statement; without rows of its own it has one.
      const own = returnsRows(query) && rows > 0 ? read.rows : [];
      return query.query.kind === "SelectQueryNode"
        ? { rows: own }
        : { rows: own, numAffectedRows: BigInt(rows) };
    });
  }

  async #send(body: object, more: Readonly<Record<string, string>>): Promise<unknown> {
    const { authToken, fetch: send = fetch } = this.#config;
    const token = typeof authToken === "function" ? await authToken() : authToken;
    let response: Response;
    try {
      response = await send(this.#endpoint, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          "Content-Type": "application/json",
          "Neon-Connection-String": this.#connectionString,
          "Neon-Raw-Text-Output": "true",
          "Neon-Array-Mode": "true",
          ...token === undefined ? {} : { Authorization: `Bearer ${token}` },
          ...more,
        },
      });
    } catch (cause) {
      throw new ConnectionError("DB_CONNECTION_FAILED", { cause, retryable: true });
    }
    if (response.ok) return await response.json();
    throw await errorOf(response);
  }

  #resultOf({ command, rowCount, fields, rows }: Received): QueryResult<Row> {
    const parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID, this.#config.types));
    const read = rows.map((cells) => {
      const row: Row = {};
      fields.forEach(({ name }, i) => {
        const cell = cells[i]!;
        row[name] = cell === null ? null : parsers[i]!(cell);
      });
      return row;
    });
    return /^(?:INSERT|UPDATE|DELETE|MERGE)$/.test(command)
      ? { rows: read, numAffectedRows: BigInt(rowCount ?? 0) }
      : { rows: read };
  }
}

function statementOf({ sql, query, parameters }: CompiledQuery): Sent {
  if (query.kind === "RawNode" && COMMAND.test(sql)) {
    throw new TransactionNotSupportedError("Neon over HTTP", "run a command about transactions");
  }
  return { query: sql, params: parameters.map(parameterText) };
}

function errorOfBatch(error: unknown, statements: readonly BatchStatement[]): unknown {
  const message = error instanceof Error ? error.message : "";
  const index = statements.findIndex(({ rows }, i) =>
    rows !== undefined && message.includes(`"${ROWS_MARKER}${i}_`)
  );
  return index < 0 ? error : new BatchRowsError(index, error);
}

/** What PostgreSQL tells with an error, beside its message. */
const FIELDS = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
];

/** The error of a response. Of what is not from PostgreSQL nothing is told: it may hold anything. */
async function errorOf(response: Response): Promise<Error> {
  const { status } = response;
  const told: unknown = status === 400 ? await response.json().catch(() => undefined) : undefined;
  if (typeof told === "object" && told !== null && "message" in told) {
    const fields = told as Readonly<Record<string, unknown>>;
    const error = new Error(String(fields["message"]));
    for (const name of FIELDS) {
      const value = fields[name];
      if (value !== undefined && value !== null) Object.assign(error, { [name]: value });
    }
    return error;
  }
  await response.body?.cancel();
  const cause = new Error(`Cannot query Neon: the endpoint answered with HTTP status ${status}`);
  // Beyond 500 the proxy could not reach the database, or not now.
  return status >= 500 || status === 429
    ? new ConnectionError("DB_CONNECTION_FAILED", { cause, retryable: true })
    : cause;
}
