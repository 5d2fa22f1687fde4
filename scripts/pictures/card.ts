/**
 * The card that is shown where somebody shares a link to the site.
 *
 * @module
 */
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium } from "../website/_check_browser.ts";
import { ROOT } from "../workspace.ts";
import { escaped } from "./_ansi.ts";

/** Where the card is. */
export const CARD: string = join(ROOT, "website/public/card.png");

/** How large it is: what social networks ask for. */
export const CARD_SIZE = { width: 1200, height: 630 } as const;

/** The query of the home page: a line, what a plugin adds, and which plugin it is. */
const QUERY: readonly (readonly [line: string, added?: string, plugin?: string])[] = [
  [`select "c"."name", "o"."item"`],
  [`from "customers" as "c"`],
  [`left join "orders" as "o"`],
  [`  on "o"."customer_id" = "c"."id"`],
  ["  ", `and "o"."tenant_id" = ?`, "policy"],
  ["", `where "c"."deleted_at" is null`, "soft delete"],
];
const SANS = "system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif";
const MONO = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace";

/** Draws the card. */
export function drawCard(): string {
  const { width, height } = CARD_SIZE;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="100%" height="100%" fill="#10191f"/>
<rect width="14" height="100%" fill="#5cc9c0"/>
<g transform="translate(80 72) scale(2.25)">
<rect width="32" height="32" rx="7" fill="#0b6e6e"/>
<path d="M10 7v18M22 7l-9 9 9 9" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/>
</g>
<text x="176" y="128" font-family="${SANS}" font-size="60" font-weight="700" fill="#fff">Kysera</text>
<text x="80" y="214" font-family="${SANS}" font-size="37" fill="#fff">The condition that no query forgets</text>
<g font-family="${MONO}" font-size="27">
${QUERY.map(([line, added, plugin], index) => rowOf(index, line, added, plugin)).join("\n")}
</g>
<text x="80" y="580" font-family="${SANS}" font-size="25" fill="#9fb3bd">Soft delete, row-level security, audit and timestamps, on every query of Kysely</text>
</svg>
`;
}

function rowOf(index: number, line: string, added = "", plugin = ""): string {
  const y = 284 + index * 42;
  const note = plugin === "" ? "" : `<tspan fill="#9fb3bd">   ${plugin}</tspan>`;
  return `<text x="80" y="${y}" style="white-space:pre" fill="#d6dee4">${
    escaped(line)
  }<tspan font-weight="700" fill="#5cc9c0">${escaped(added)}</tspan>${note}</text>`;
}

/**
 * Renders the card.
 *
 * @returns the picture, as PNG
 */
export async function renderCard(): Promise<Uint8Array> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Cannot find Chromium: install chromium");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: CARD_SIZE });
    await page.setContent(`<style>body { margin: 0 }</style>${drawCard()}`);
    return await page.screenshot({ type: "png" });
  } finally {
    await browser.close();
  }
}
