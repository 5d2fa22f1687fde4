/**
 * `deno task docs:pictures` draws the pictures of the README and of the site: what the `kysera` command
 * prints, and the card for links to the site. The card needs Chromium.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { CARD, renderCard } from "./pictures/card.ts";
import {
  drawTerminal,
  recordTerminal,
  TERMINAL,
  TERMINAL_TEXT,
  textOf,
} from "./pictures/terminal.ts";

const lines = await recordTerminal();
writeFileSync(TERMINAL, drawTerminal(lines));
writeFileSync(TERMINAL_TEXT, textOf(lines));
writeFileSync(CARD, await renderCard());
