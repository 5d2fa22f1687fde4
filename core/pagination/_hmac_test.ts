import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { decodeBase64, decodeText, encodeBase64, encodeText } from "./_base64.ts";
import { Hmac } from "./_hmac.ts";

const encoder = new TextEncoder();

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe("Hmac", () => {
  it("gives the tag of RFC 4231, test case 2", () => {
    assert.equal(
      hex(new Hmac("Jefe").sign("what do ya want for nothing?")),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  it("gives the tags of Web Crypto, for keys and messages of any length", async () => {
    await fc.assert(fc.asyncProperty(
      fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
      fc.string({ unit: "binary", maxLength: 300 }),
      async (secret, message) => {
        const algorithm = { name: "HMAC", hash: "SHA-256" };
        const raw = encoder.encode(secret);
        const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
        const tag = new Uint8Array(
          await crypto.subtle.sign("HMAC", key, encoder.encode(message)),
        );
        const hmac = new Hmac(secret);
        assert.deepEqual(hmac.sign(message), tag);
        assert.equal(hmac.signAsText(message), encodeBase64(tag));
        assert.equal(hmac.verify(message, encodeBase64(tag)), true);
      },
    ));
  });

  it("knows a tag from all others", () => {
    const hmac = new Hmac("secret");
    const tag = hmac.sign("message");
    for (let bit = 0; bit < 256; bit++) {
      const other = tag.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(hmac.verify("message", encodeBase64(other)), false);
    }
    const text = encodeBase64(tag);
    assert.equal(hmac.verify("message", text.slice(1)), false);
    assert.equal(hmac.verify("message", `${text}A`), false);
    assert.equal(hmac.verify("message", ""), false);
  });
});

describe("base64url", () => {
  it("takes back what it wrote, and writes what the standard says", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64url"));
      assert.deepEqual(decodeBase64(text), Uint8Array.from(bytes));
    }));
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), (text) => {
      assert.equal(decodeText(encodeText(text)), text);
    }));
  });

  it("takes nothing else", () => {
    for (const text of ["A", "AB", "AAB", "AA=", "AA==", "A A", "AA+/", "é", "AAAA\n"]) {
      assert.throws(() => decodeBase64(text), TypeError, text);
    }
  });
});
