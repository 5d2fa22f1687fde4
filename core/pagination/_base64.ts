const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** The six bits of a character, by its code; 255 for the others. */
const BITS: Uint8Array = bitsByCode();

function bitsByCode(): Uint8Array {
  const bits = new Uint8Array(128).fill(255);
  for (let i = 0; i < ALPHABET.length; i++) bits[ALPHABET.charCodeAt(i)] = i;
  return bits;
}

/** Returns bytes as base64url without padding (RFC 4648, section 5). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const group = bytes[i]! << 16 | bytes[i + 1]! << 8 | bytes[i + 2]!;
    text += ALPHABET[group >> 18]! + ALPHABET[group >> 12 & 63]! + ALPHABET[group >> 6 & 63]! +
      ALPHABET[group & 63]!;
  }
  if (i === bytes.length) return text;
  const two = i + 1 < bytes.length;
  const group = bytes[i]! << 16 | (two ? bytes[i + 1]! << 8 : 0);
  text += ALPHABET[group >> 18]! + ALPHABET[group >> 12 & 63]!;
  return two ? text + ALPHABET[group >> 6 & 63]! : text;
}

/**
 * Returns the bytes that {@linkcode encodeBase64} wrote: each sequence of bytes has one spelling.
 *
 * @throws {TypeError} if the text is anything else
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const rest = text.length % 4;
  if (rest === 1) throw new TypeError("The text is not base64url");
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let at = 0;
  let group = 0;
  let wrong = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const bits = code < 128 ? BITS[code]! : 255;
    wrong |= bits & 192;
    group = (group << 6 | bits & 63) & 0xffffff;
    if ((i & 3) === 3) {
      bytes[at++] = group >> 16;
      bytes[at++] = group >> 8;
      bytes[at++] = group;
    }
  }
  if (rest === 2) {
    bytes[at] = group >> 4;
    wrong |= group & 15;
  } else if (rest === 3) {
    bytes[at] = group >> 10;
    bytes[at + 1] = group >> 2;
    wrong |= group & 3;
  }
  if (wrong !== 0) throw new TypeError("The text is not base64url");
  return bytes;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns a text as base64url of its UTF-8. */
export function encodeText(text: string): string {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return encodeBase64(encoder.encode(text));
    bytes[i] = code;
  }
  return encodeBase64(bytes);
}

/**
 * Returns the text that {@linkcode encodeText} wrote.
 *
 * @throws {TypeError} if it is anything else
 */
export function decodeText(text: string): string {
  const bytes = decodeBase64(text);
  let ascii = "";
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]! > 127) return decoder.decode(bytes);
    ascii += String.fromCharCode(bytes[i]!);
  }
  return ascii;
}
