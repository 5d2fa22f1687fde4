/** Bytes of a page of the write-ahead log, and of the two kinds of header that one begins with. */
const PAGE = 8192n;
const HEADERS: readonly bigint[] = [24n, 40n];

/** A position in PostgreSQL's write-ahead log, `16/B374D848`, as a number. */
export function parseLsn(text: string): bigint {
  const [, high, low] = /^([\dA-F]+)\/([\dA-F]+)$/i.exec(text) ?? [];
  if (high === undefined || low === undefined) {
    throw new TypeError(`Cannot parse LSN "${text}"`);
  }
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/**
 * Where the last record ends, from where the next one will begin. On a page that holds nothing yet
 * that is behind the header, while the standby says where the page begins.
 */
export function endOfLastRecord(insertLsn: bigint): bigint {
  const offset = insertLsn % PAGE;
  return HEADERS.includes(offset) ? insertLsn - offset : insertLsn;
}
