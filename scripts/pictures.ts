/**
 * `deno task docs:pictures` draws the pictures of the README and of the site: what the `kysera` command
 * prints, and the card for links to the site. The card needs Chromium.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { CARD, renderCard } from "./pictures/card.ts";
import { drawTerminal, recordTerminal, TERMINAL } from "./pictures/terminal.ts";

writeFileSync(TERMINAL, drawTerminal(await recordTerminal()));
writeFileSync(CARD, await renderCard());
