import { normalizeSource, sha256 } from "../run/_hash.ts";

/**
 * Returns a function that says whether a checksum is the SHA-256 of a text, whatever its line ends
 * were when it was taken.
 */
export function isSha256Of(checksum: string): (source: string) => Promise<boolean> {
  return async (source) => {
    const text = normalizeSource(source);
    for (const version of [source, text, text.replaceAll("\n", "\r\n")]) {
      if (await sha256(version) === checksum.toLowerCase()) return true;
    }
    return false;
  };
}

/** Returns the CRC-32 of the lines of a text, without their ends, as a signed number. */
export function crc32OfLines(source: string): number {
  const encoder = new TextEncoder();
  const lines = normalizeSource(source).split("\n");
  // What follows the last line break is a line only if it is not empty.
  if (lines.at(-1) === "") lines.pop();
  let crc = -1;
  for (const line of lines) {
    for (const byte of encoder.encode(line)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
    }
  }
  return ~crc | 0;
}
