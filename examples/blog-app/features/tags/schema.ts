/** A row of `article_tags`: an article has a tag, at a place in its list. */
export interface ArticleTagsTable {
  article_id: number;
  tag: string;
  position: number;
}
