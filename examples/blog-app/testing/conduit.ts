/**
 * What the published specification of Conduit says of each operation: which statuses it has, and what
 * the bodies look like. Bodies must hold these members and no others.
 *
 * @module
 */
import * as z from "zod";

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const profile = z.strictObject({
  username: z.string(),
  bio: z.string().nullable(),
  image: z.string().nullable(),
  following: z.boolean(),
});
const user = z.strictObject({
  user: z.strictObject({
    email: z.string(),
    token: z.string().min(1),
    username: z.string(),
    bio: z.string().nullable(),
    image: z.string().nullable(),
  }),
});
const summary = z.strictObject({
  slug: z.string().min(1),
  title: z.string(),
  description: z.string(),
  tagList: z.array(z.string()),
  createdAt: time,
  updatedAt: time,
  favorited: z.boolean(),
  favoritesCount: z.int().min(0),
  author: profile,
});
const article = z.strictObject({ article: summary.extend({ body: z.string() }).strict() });
const articles = z.strictObject({ articles: z.array(summary), articlesCount: z.int().min(0) });
const comment = z.strictObject({
  id: z.int(),
  createdAt: time,
  updatedAt: time,
  body: z.string(),
  author: profile,
});
const errors = z.strictObject({ errors: z.record(z.string(), z.array(z.string()).min(1)) });
const errorOf = (field: string, message: string) =>
  z.strictObject({ errors: z.strictObject({ [field]: z.tuple([z.literal(message)]) }) });
const unauthorized = z.union([
  errorOf("token", "is missing"),
  errorOf("token", "is invalid"),
]);

/** One operation: a method and a path, and the shape of the body for each status. */
export interface Operation {
  readonly method: string;
  /** With `:name` for parameters. */
  readonly path: string;
  /** `null` for a response without a body. */
  readonly responses: Readonly<Record<number, z.ZodType | null>>;
}

const noArticle = errorOf("article", "not found");
const notMine = errorOf("article", "forbidden");

/**
 * Every operation with every status that it can have. The specification lists 422 for all of them; for
 * those that take neither a body nor a query there is nothing to refuse.
 */
export const OPERATIONS: readonly Operation[] = [
  {
    method: "POST",
    path: "/users/login",
    responses: { 200: user, 401: errorOf("credentials", "invalid"), 422: errors },
  },
  {
    method: "POST",
    path: "/users",
    responses: {
      201: user,
      409: z.union([
        errorOf("username", "has already been taken"),
        errorOf("email", "has already been taken"),
      ]),
      422: errors,
    },
  },
  { method: "GET", path: "/user", responses: { 200: user, 401: unauthorized } },
  {
    method: "PUT",
    path: "/user",
    responses: { 200: user, 401: unauthorized, 409: errors, 422: errors },
  },
  {
    method: "GET",
    path: "/profiles/:username",
    responses: {
      200: z.strictObject({ profile }),
      401: unauthorized,
      404: errorOf("profile", "not found"),
    },
  },
  ...["POST", "DELETE"].map((method): Operation => ({
    method,
    path: "/profiles/:username/follow",
    responses: {
      200: z.strictObject({ profile }),
      401: unauthorized,
      404: errorOf("profile", "not found"),
    },
  })),
  {
    method: "GET",
    path: "/articles/feed",
    responses: { 200: articles, 401: unauthorized, 422: errors },
  },
  {
    method: "GET",
    path: "/articles",
    responses: { 200: articles, 401: unauthorized, 422: errors },
  },
  {
    method: "POST",
    path: "/articles",
    responses: {
      201: article,
      401: unauthorized,
      409: errorOf("title", "has already been taken"),
      422: errors,
    },
  },
  { method: "GET", path: "/articles/:slug", responses: { 200: article, 404: noArticle } },
  {
    method: "PUT",
    path: "/articles/:slug",
    responses: {
      200: article,
      401: unauthorized,
      403: notMine,
      404: noArticle,
      409: errorOf("title", "has already been taken"),
      422: errors,
    },
  },
  {
    method: "DELETE",
    path: "/articles/:slug",
    responses: { 204: null, 401: unauthorized, 403: notMine, 404: noArticle },
  },
  {
    method: "GET",
    path: "/articles/:slug/comments",
    responses: {
      200: z.strictObject({ comments: z.array(comment) }),
      401: unauthorized,
      404: noArticle,
    },
  },
  {
    method: "POST",
    path: "/articles/:slug/comments",
    responses: {
      201: z.strictObject({ comment }),
      401: unauthorized,
      404: noArticle,
      422: errors,
    },
  },
  {
    method: "DELETE",
    path: "/articles/:slug/comments/:id",
    responses: {
      204: null,
      401: unauthorized,
      403: errorOf("comment", "forbidden"),
      404: z.union([noArticle, errorOf("comment", "not found")]),
    },
  },
  ...["POST", "DELETE"].map((method): Operation => ({
    method,
    path: "/articles/:slug/favorite",
    responses: { 200: article, 401: unauthorized, 404: noArticle },
  })),
  {
    method: "GET",
    path: "/tags",
    responses: { 200: z.strictObject({ tags: z.array(z.string()) }) },
  },
];

/** Finds the operation of a request; the paths without parameters come first. */
export function operationOf(method: string, path: string): Operation | undefined {
  const parts = path.split("/");
  return OPERATIONS.find((operation) => {
    const wanted = operation.path.split("/");
    return operation.method === method && wanted.length === parts.length &&
      wanted.every((part, i) => part.startsWith(":") || part === parts[i]);
  });
}
