import type { Generated } from "kysely";
import * as z from "zod";
import { requiredText } from "../../platform/body.ts";
import type { OptionalTime, StampedTime } from "../../platform/schema.ts";

/** A row of `comments`. */
export interface CommentsTable {
  id: Generated<number>;
  article_id: number;
  author_id: number;
  body: string;
  created_at: StampedTime;
  updated_at: StampedTime;
  deleted_at: OptionalTime;
}

/** The body of `POST /articles/:slug/comments`. */
export const NewComment = z.object({ body: requiredText(20_000) });
