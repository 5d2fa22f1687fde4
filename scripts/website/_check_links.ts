/**
 * Checks the links of the built site: pages, anchors, files and pictures.
 *
 * @module
 */
import { type BuiltPage, fileAt } from "./_built.ts";
import { SITE } from "../repository.ts";
import { BASE } from "./site.ts";

/**
 * Finds links that lead nowhere and pictures without a text.
 *
 * @param pages the built pages
 * @returns what is wrong
 */
export function brokenLinks(pages: readonly BuiltPage[]): string[] {
  const anchors = new Map(pages.map(({ path, html }) => [path, idsOf(html)]));
  return pages.flatMap(({ path, html }) => {
    const problems: string[] = [];
    for (const [, attribute] of html.matchAll(/(?:\s(?:href|src)|"og:image" content)="([^"]*)"/g)) {
      const target = attribute!.replaceAll("&amp;", "&");
      const url = URL.canParse(target, `${SITE}${path}`) ? new URL(target, `${SITE}${path}`) : null;
      if (url === null) problems.push(`${path}: "${target}" is not an address`);
      if (url?.origin !== new URL(SITE).origin || !url.pathname.startsWith(BASE)) continue;
      const file = fileAt(url.pathname);
      if (file === undefined) problems.push(`${path}: there is no ${url.pathname}`);
      else if (url.hash !== "" && file.endsWith(".html")) {
        const id = decodeURIComponent(url.hash.slice(1));
        if (!anchors.get(file)!.has(id)) problems.push(`${path}: ${file} has no #${id}`);
      }
    }
    for (const [image] of html.matchAll(/<img\b[^>]*>/g)) {
      if (!/\salt="[^"]+"/.test(image)) problems.push(`${path}: a picture has no text: ${image}`);
    }
    return [...new Set(problems)];
  });
}

function idsOf(html: string): Set<string> {
  return new Set(
    [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!.replaceAll("&amp;", "&")),
  );
}
