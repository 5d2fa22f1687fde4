/**
 * HMAC-SHA256 without a wait: Web Crypto gives a promise for each tag, and three or four of those cost
 * more than a page of rows does.
 *
 * SHA-256 is written by FIPS 180-4, sections 5.1.1, 5.2.1 and 6.2; HMAC by RFC 2104.
 *
 * @module
 */

const BLOCK = 64;
const encoder = new TextEncoder();

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUNDS: Uint32Array = roundConstants();
/** The same of the square roots of the first eight. */
const INITIAL: Uint32Array = Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

function roundConstants(): Uint32Array {
  return Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  }
  return found;
}

const schedule = new Uint32Array(BLOCK);

/** Takes a block of 64 bytes into a hash. */
function compress(hash: Uint32Array, bytes: Uint8Array, at: number): void {
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

/**
 * Hashes what comes after blocks that were taken in before.
 *
 * @param from the hash of those blocks
 * @param before how many bytes these were
 */
function finish(from: Uint32Array, before: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const hash = from.slice();
  const whole = bytes.length - bytes.length % BLOCK;
  for (let at = 0; at < whole; at += BLOCK) compress(hash, bytes, at);
  const rest = bytes.length - whole;
  const tail = new Uint8Array(rest < BLOCK - 8 ? BLOCK : 2 * BLOCK);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  const bits = (before + bytes.length) * 8;
  view.setUint32(tail.length - 8, Math.floor(bits / 2 ** 32));
  view.setUint32(tail.length - 4, bits >>> 0);
  for (let at = 0; at < tail.length; at += BLOCK) compress(hash, tail, at);
  const out = new Uint8Array(4 * hash.length);
  const result = new DataView(out.buffer);
  for (let i = 0; i < hash.length; i++) result.setUint32(4 * i, hash[i]!);
  return out;
}

/** Makes and compares the tags of one secret. */
export class Hmac {
  readonly #inner: Uint32Array;
  readonly #outer: Uint32Array;

  /** @param secret the key, as text */
  constructor(secret: string) {
    const bytes = encoder.encode(secret);
    const key = bytes.length > BLOCK ? finish(INITIAL, 0, bytes) : bytes;
    this.#inner = padded(key, 0x36);
    this.#outer = padded(key, 0x5c);
  }

  /** Returns the tag of a message: 32 bytes. */
  sign(message: string): Uint8Array<ArrayBuffer> {
    return finish(this.#outer, BLOCK, finish(this.#inner, BLOCK, encoder.encode(message)));
  }

  /** Whether a tag is that of a message. How long it takes tells nothing of where they differ. */
  verify(message: string, tag: Uint8Array): boolean {
    const expected = this.sign(message);
    let difference = expected.length ^ tag.length;
    for (let i = 0; i < expected.length; i++) difference |= expected[i]! ^ (tag[i] ?? 0);
    return difference === 0;
  }
}

function padded(key: Uint8Array, byte: number): Uint32Array {
  const block = new Uint8Array(BLOCK).fill(byte);
  for (let i = 0; i < key.length; i++) block[i]! ^= key[i]!;
  const hash = INITIAL.slice();
  compress(hash, block, 0);
  return hash;
}
