import { html } from "hono/html";
import type { FieldErrors } from "../../platform/errors.ts";
import { field, type Html, summaryOf } from "../pages/layout.ts";

/** What the editor shows. */
export interface ArticleForm {
  readonly title: string;
  readonly description: string;
  readonly body: string;
  /** The tags as they are typed, with commas between. */
  readonly tags: string;
  readonly draft: boolean;
}

/** The editor of a new article. */
export const EMPTY_FORM: ArticleForm = {
  title: "",
  description: "",
  body: "",
  tags: "",
  draft: false,
};

/** Reads what was typed. */
export function readForm(form: Readonly<Record<string, unknown>>): ArticleForm {
  // A browser ends lines with CR LF, whatever they ended with before.
  const text = (name: string) => String(form[name] ?? "").replaceAll("\r\n", "\n");
  return {
    title: text("title"),
    description: text("description"),
    body: text("body"),
    tags: text("tagList"),
    draft: form["draft"] !== undefined,
  };
}

/** Returns the article as the API takes it. */
export function toArticle({ tags, ...article }: ArticleForm) {
  const tagList = tags.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "");
  return { ...article, tagList };
}

/** The editor. */
export function editor(form: ArticleForm, errors: FieldErrors = {}): Html {
  return html`${summaryOf(errors, ["title", "description", "body", "tagList"])}
    <form method="post" class="stack">
      ${field({ name: "title", label: "Title", value: form.title }, errors)}
      ${field({ name: "description", label: "Description", value: form.description }, errors)}
      ${
    field({ name: "body", label: "Text", type: "textarea", rows: 16, value: form.body }, errors)
  }
      ${
    field(
      { name: "tagList", label: "Tags", hint: "Separated by commas", value: form.tags },
      errors,
    )
  }
      <label class="check"><input type="checkbox" name="draft" ${form.draft ? "checked" : ""}>Keep
        it as a draft, which nobody else can see</label>
      <button class="main">Save</button>
    </form>`;
}
