import type { Statement } from "./ast.ts";
import type { RenderTarget } from "./render_expr.ts";
import { renderSelect } from "./render_select.ts";
import { renderWrite } from "./render_write.ts";

export type { RenderTarget } from "./render_expr.ts";

/** A builder of the statement; `maker` is a callback's builder where the statement is nested. */
export function renderStatement(to: RenderTarget, maker: any, statement: Statement): any {
  return statement.k === "select"
    ? renderSelect(to, maker, statement)
    : renderWrite(to, maker ?? to.db, statement);
}
