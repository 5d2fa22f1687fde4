import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { terminalSvg } from "./_ansi.ts";
import { CARD, CARD_SIZE } from "./card.ts";
import { drawTerminal, recordTerminal, TERMINAL, TERMINAL_TEXT, textOf } from "./terminal.ts";

describe("the pictures", () => {
  it("of the terminal shows what the command prints; `deno task docs:pictures` draws it anew", async () => {
    const lines = await recordTerminal();
    assert.equal(readFileSync(TERMINAL, "utf8"), drawTerminal(lines));
    assert.equal(readFileSync(TERMINAL_TEXT, "utf8"), textOf(lines));
  });

  it("of the card is a PNG of the size that social networks ask for", () => {
    const png = readFileSync(CARD);
    assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    assert.deepEqual({ width, height }, CARD_SIZE);
    assert.ok(png.length < 200_000, `${png.length} bytes`);
  });
});

describe("terminalSvg()", () => {
  it("draws colors, and breaks lines between words", () => {
    const svg = terminalSvg(["$ run", `\x1b[33mwarning\x1b[39m <a> & ${"word ".repeat(20)}`], "A");
    assert.match(svg, /style="fill:#f2cc60">warning</);
    assert.match(svg, />&lt;a></);
    assert.equal(svg.match(/ y="\S+"/g)!.filter((y, i, all) => all.indexOf(y) === i).length, 3);
    assert.ok(!svg.includes("\x1b"));
  });
});
