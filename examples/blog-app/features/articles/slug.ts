import { randomBytes } from "node:crypto";

const MAX_LENGTH = 200;
/** Paths that stand for something else: `/articles/feed`. */
const RESERVED = new Set(["feed"]);

/** Returns the part of a URL that names an article. It is empty if the title has neither a letter nor a
 * digit. */
export function slugify(title: string): string {
  const words = title.normalize("NFKD").toLowerCase()
    // Accents, which NFKD has set apart, and apostrophes join what they stand between.
    .replace(/[\p{Mn}'’]/gu, "")
    .split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return words.join("-").slice(0, MAX_LENGTH);
}

/**
 * Chooses the slug of an article. That of a draft has an ending that cannot be guessed: a plain one
 * would tell others, by the 409 for their article of the same title, that there is such a draft.
 */
export function chooseSlug(title: string, { isDraft }: { isDraft: boolean }): string {
  const slug = slugify(title);
  if (slug !== "" && !isDraft && !RESERVED.has(slug)) return slug;
  const ending = randomBytes(6).toString("hex");
  return slug === "" ? ending : `${slug}-${ending}`;
}
