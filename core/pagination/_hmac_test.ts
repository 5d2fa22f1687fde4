import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
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
        assert.equal(hmac.verify(message, tag), true);
      },
    ));
  });

  it("knows a tag from all others", () => {
    const hmac = new Hmac("secret");
    const tag = hmac.sign("message");
    for (let bit = 0; bit < 256; bit++) {
      const other = tag.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(hmac.verify("message", other), false);
    }
    assert.equal(hmac.verify("message", tag.slice(1)), false);
    assert.equal(hmac.verify("message", new Uint8Array([...tag, 0])), false);
    assert.equal(hmac.verify("message", new Uint8Array()), false);
  });
});
