import type { Generated } from "kysely";
import * as z from "zod";
import { requiredText } from "../../platform/body.ts";
import type { StampedTime } from "../../platform/schema.ts";
import type { Role } from "../../platform/shop.ts";

/** A row of `users`. */
export interface UsersTable {
  id: Generated<number>;
  name: string;
  email: string;
  /** Null for everybody: only `withoutRLS()` reads it. */
  password_hash: string;
  role: Role;
  created_at: StampedTime;
  updated_at: StampedTime;
}

const MIN_PASSWORD = 8;
/** Hashing a longer one would cost more than it is worth. */
const MAX_PASSWORD = 256;

/** The body of `POST /users`. */
export const NewUser = z.object({
  name: requiredText(64),
  email: requiredText(255).refine(
    (text) => text.trim() === "" || /^[^\s@]+@[^\s@]+$/.test(text),
    "is invalid",
  ),
  password: requiredText(MAX_PASSWORD).refine(
    (text) => text.trim() === "" || text.length >= MIN_PASSWORD,
    `is too short (minimum is ${MIN_PASSWORD} characters)`,
  ),
});

/** The body of `POST /users/login`. */
export const Login = z.object({ email: requiredText(255), password: requiredText(MAX_PASSWORD) });
