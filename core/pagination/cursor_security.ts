/** How cursors are signed. */
export interface CursorSecurity {
  /**
   * The secret, of at least 32 characters. Of several, the first signs and all of them verify:
   * put a new one in front, and remove the old one when its cursors have run out.
   */
  readonly secret: string | readonly string[];
}
