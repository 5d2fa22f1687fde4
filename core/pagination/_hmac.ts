/**
 * HMAC-SHA256 without a wait: Web Crypto gives a promise for each tag, and three or four of those cost
 * more than a page of rows does.
 *
 * SHA-256 is written by FIPS 180-4, sections 5.1.1, 5.2.1 and 6.2; HMAC by RFC 2104.
 *
 * @module
 */

import { encodeBase64 } from "./_base64.ts";

const BLOCK = 64;
const encoder = new TextEncoder();

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUNDS: Int32Array = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
/** The same of the square roots of the first eight. */
const INITIAL: Int32Array = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  }
  return found;
}

// Signed: engines keep 32 bits with a sign as they are, others as floating point.
const schedule = new Int32Array(BLOCK);

/** Takes a block of 64 bytes into a hash. */
function compress(hash: Int32Array, bytes: Uint8Array, at: number): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) {
    const j = at + 4 * i;
    w[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = hash[0]! | 0, b = hash[1]! | 0, c = hash[2]! | 0, d = hash[3]! | 0;
  let e = hash[4]! | 0, f = hash[5]! | 0, g = hash[6]! | 0, h = hash[7]! | 0;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0]! += a;
  hash[1]! += b;
  hash[2]! += c;
  hash[3]! += d;
  hash[4]! += e;
  hash[5]! += f;
  hash[6]! += g;
  hash[7]! += h;
}

/** Room for the last blocks of a message, and for a hash; each call is done with them when it returns. */
const tail = new Uint8Array(2 * BLOCK);
const scratch = new Int32Array(INITIAL.length);
const digest = new Uint8Array(4 * INITIAL.length);

/**
 * Hashes what comes after blocks that were taken in before.
 *
 * @param from the hash of those blocks
 * @param before how many bytes these were
 * @returns the digest, which the next call overwrites
 */
function finish(from: Int32Array, before: number, bytes: Uint8Array, count: number): Uint8Array {
  scratch.set(from);
  const whole = count - count % BLOCK;
  for (let at = 0; at < whole; at += BLOCK) compress(scratch, bytes, at);
  const rest = count - whole;
  const end = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
  for (let i = 0; i < rest; i++) tail[i] = bytes[whole + i]!;
  tail.fill(0, rest, end);
  tail[rest] = 0x80;
  // The length in bits, as a number of 64 bits.
  for (let i = end - 1, bits = (before + count) * 8; bits > 0; i--, bits = Math.floor(bits / 256)) {
    tail[i] = bits & 255;
  }
  for (let at = 0; at < end; at += BLOCK) compress(scratch, tail, at);
  for (let i = 0; i < scratch.length; i++) {
    const word = scratch[i]!;
    digest[4 * i] = word >>> 24;
    digest[4 * i + 1] = word >>> 16;
    digest[4 * i + 2] = word >>> 8;
    digest[4 * i + 3] = word;
  }
  return digest;
}

let message = new Uint8Array(256);

/** Computes and compares the tags of one secret. */
export class Hmac {
  readonly #inner: Int32Array;
  readonly #outer: Int32Array;

  /** @param secret the key: text, or bytes */
  constructor(secret: string | Uint8Array) {
    const bytes = typeof secret === "string" ? encoder.encode(secret) : secret;
    const key = bytes.length > BLOCK ? finish(INITIAL, 0, bytes, bytes.length).slice() : bytes;
    this.#inner = padded(key, 0x36);
    this.#outer = padded(key, 0x5c);
  }

  /** Returns the tag of a message: 32 bytes. */
  sign(text: string): Uint8Array {
    return this.#tag(text).slice();
  }

  /** Returns the tag of a message as base64url. */
  signAsText(text: string): string {
    return encodeBase64(this.#tag(text));
  }

  /**
   * Returns true if a text is the tag of a message as base64url. How long it takes does not tell where
   * they differ.
   */
  verify(text: string, tag: string): boolean {
    const expected = this.signAsText(text);
    let difference = expected.length ^ tag.length;
    for (let i = 0; i < expected.length; i++) {
      difference |= expected.charCodeAt(i) ^ tag.charCodeAt(i);
    }
    return difference === 0;
  }

  #tag(text: string): Uint8Array {
    if (message.length < 3 * text.length) message = new Uint8Array(3 * text.length);
    const inner = finish(this.#inner, BLOCK, message, write(text, message));
    return finish(this.#outer, BLOCK, inner, inner.length);
  }
}

/** Writes a text as UTF-8. Returns how many bytes it has. */
function write(text: string, bytes: Uint8Array): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encodeInto(text, bytes).written;
    bytes[i] = code;
  }
  return text.length;
}

function padded(key: Uint8Array, byte: number): Int32Array {
  const block = new Uint8Array(BLOCK).fill(byte);
  for (let i = 0; i < key.length; i++) block[i]! ^= key[i]!;
  const hash = INITIAL.slice();
  compress(hash, block, 0);
  return hash;
}
