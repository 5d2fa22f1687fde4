import { existsSync, readFileSync } from "node:fs";
import { REPOSITORY, SITE } from "../../scripts/repository.ts";
import { slug } from "../../scripts/website/_text.ts";
import { guide, nav } from "../../scripts/website/navigation.ts";
import { BASE, DESCRIPTION, TITLE } from "../../scripts/website/site.ts";

const generated = (name) =>
  JSON.parse(readFileSync(new URL(`../.site/${name}`, import.meta.url), "utf8"));
const { reference } = generated("menu.json");
const hovers = generated("hovers.json");

// A program of its own, which `docs:build` copies beside the pages if it was built.
const hasPlayground = existsSync(new URL("../playground/dist/index.html", import.meta.url));

export default {
  title: TITLE,
  description: DESCRIPTION,
  lang: "en",
  base: BASE,
  srcDir: ".site/pages",
  outDir: ".site/dist",
  cacheDir: ".site/cache",
  cleanUrls: true,
  metaChunk: true,
  head: [
    ["link", { rel: "icon", href: `${BASE}icon.svg`, type: "image/svg+xml" }],
    ["meta", { property: "og:title", content: TITLE }],
    ["meta", { property: "og:description", content: DESCRIPTION }],
    ["meta", { property: "og:url", content: SITE }],
    ["meta", { property: "og:type", content: "website" }],
    ["meta", { property: "og:image", content: `${SITE}card.png` }],
    ["meta", { property: "og:image:width", content: "1200" }],
    ["meta", { property: "og:image:height", content: "630" }],
    ["meta", { property: "og:image:alt", content: "A query, and the conditions that plugins add" }],
    ["meta", { name: "twitter:card", content: "summary_large_image" }],
  ],
  markdown: {
    anchor: { slugify: slug },
    codeTransformers: [{ name: "types", preprocess: addTypes }],
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  // Examples print where they listen.
  ignoreDeadLinks: [/^http:\/\/localhost/],
  transformPageData(page) {
    if (page.relativePath !== "index.md" || !hasPlayground) return;
    const playground = { theme: "alt", text: "Playground", link: "/playground/", target: "_self" };
    page.frontmatter.hero.actions.splice(1, 0, playground);
  },
  sitemap: { hostname: SITE },
  themeConfig: {
    nav: nav.filter(({ link }) => link !== "/playground/" || hasPlayground),
    sidebar: { "/api/": reference, "/": guide },
    outline: { level: [2, 3] },
    socialLinks: [{ icon: "github", link: REPOSITORY, ariaLabel: "Repository" }],
    search: {
      provider: "local",
      options: {
        _render: renderForSearch,
        // The name of the button is what it shows.
        translations: { button: { buttonText: "Search", buttonAriaLabel: "Search" } },
      },
    },
    docFooter: { prev: "Previous", next: "Next" },
    footer: { message: "MIT License" },
  },
};

/** Gives names in samples what the compiler says of them, for `theme/types.js`. */
function addTypes(code, options) {
  const known = Object.hasOwn(hovers, code) ? hovers[code] : [];
  options.decorations = [
    ...options.decorations ?? [],
    ...known.map(({ start, end, text }) => ({
      start,
      end,
      properties: { class: "typed", "data-type": text },
    })),
  ];
}

/** Text for the index: signatures and samples of the reference would only swell it. */
function renderForSearch(src, env, md) {
  const text = env.relativePath.startsWith("api/")
    ? src.replaceAll(/^```[\s\S]*?^```$/gm, "")
    : src;
  const html = md.render(text, env);
  return env.frontmatter?.search === false ? "" : html;
}
