/**
 * Failures that never came from a database: sockets, TLS, drivers, aborted signals.
 *
 * @module
 */
import type { Classified, Kind } from "./_classified.ts";
import type { Fields } from "./_fields.ts";

const codes: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  // Sockets and name resolution
  ["ECONNREFUSED", "connection"],
  ["ECONNRESET", "connection"],
  ["ECONNABORTED", "connection"],
  ["EPIPE", "connection"],
  ["ETIMEDOUT", "connection"],
  ["EHOSTUNREACH", "connection"],
  ["EHOSTDOWN", "connection"],
  ["ENETUNREACH", "connection"],
  ["ENETDOWN", "connection"],
  ["EAI_AGAIN", "connection"],
  ["ENOTFOUND", "connection refused for good"],
  ["ERR_SOCKET_CLOSED", "connection"],
  ["ERR_STREAM_DESTROYED", "connection"],
  ["ERR_STREAM_WRITE_AFTER_END", "connection"],
  // TLS
  ["CERT_HAS_EXPIRED", "connection refused for good"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "connection refused for good"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "connection refused for good"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "connection refused for good"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "connection refused for good"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "connection refused for good"],
  ["HANDSHAKE_NO_SSL_SUPPORT", "connection refused for good"],
  ["HANDSHAKE_SSL_ERROR", "connection refused for good"],
  // postgres
  ["CONNECT_TIMEOUT", "connection"],
  ["CONNECTION_CLOSED", "connection"],
  ["CONNECTION_DESTROYED", "connection"],
  ["CONNECTION_ENDED", "connection refused for good"],
  // mysql2
  ["PROTOCOL_CONNECTION_LOST", "connection"],
  ["PROTOCOL_UNEXPECTED_PACKET", "connection"],
  ["PROTOCOL_SEQUENCE_TIMEOUT", "statement timeout"],
]);

/** Drivers throw these without any code, so there is only the message to tell them by. */
const messages: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  // pg
  ["Connection terminated unexpectedly", "connection"],
  ["Connection terminated", "connection"],
  ["Connection terminated due to connection timeout", "connection"],
  ["Client has encountered a connection error and is not queryable", "connection"],
  ["Client was closed and is not queryable", "connection"],
  ["timeout expired", "connection"],
  ["Query read timeout", "statement timeout"],
  ["timeout exceeded when trying to connect", "pool exhausted"],
  ["Cannot use a pool after calling end on the pool", "connection refused for good"],
  // mysql2
  ["Can't add new command when connection is in closed state", "connection"],
  ["No connections available.", "pool exhausted"],
  ["Queue limit reached.", "pool exhausted"],
  ["Pool is closed.", "connection refused for good"],
  // PGlite, better-sqlite3, kysely
  ["PGlite is closed", "connection refused for good"],
  ["The database connection is not open", "connection refused for good"],
  ["driver has already been destroyed", "connection refused for good"],
]);

/** Knows a failure of the client's own side. */
export function classifyClient(fields: Fields): Classified | undefined {
  const name = fields.string("name");
  if (name === "AbortError" || name === "TimeoutError") {
    return { kind: "statement timeout", detail: name };
  }
  const code = fields.string("code");
  const kind = code === undefined ? undefined : codes.get(code);
  if (kind !== undefined) return { kind, detail: code };
  if (code !== undefined || fields.number("code", "errno", "errcode") !== undefined) {
    return undefined;
  }
  const told = messages.get(fields.message);
  return told === undefined ? undefined : { kind: told };
}
