import { identifier, literal } from "./_compile.ts";
import type { ContextPath } from "./_record.ts";
import type { NativeSettings } from "./_settings.ts";

/** A path as PostgreSQL's `#>` takes it. */
export function pathLiteral(path: ContextPath): string {
  return `array[${path.map((name) => literal(name, name)).join(", ")}]`;
}

/** A value of the context, of the type of what is given; fails where there is none. */
export function valueCall(path: ContextPath, sample: string, settings: NativeSettings): string {
  return `${nameOf("value", settings)}(${pathLiteral(path)}, ${sample})`;
}

/** A list of the context, its items of the type of what is given; one value is a list of it. */
export function listCall(path: ContextPath, sample: string, settings: NativeSettings): string {
  return `${nameOf("list", settings)}(${pathLiteral(path)}, ${sample})`;
}

/** Whether the policies are not for the caller. */
export function skipCall(roles: readonly string[], settings: NativeSettings): string {
  const list = roles.map((role) => literal(role, "roles")).join(", ");
  return `${nameOf("skips", settings)}(array[${list}]::text[])`;
}

function nameOf(name: string, { schemaName, policyPrefix }: NativeSettings): string {
  return identifier(schemaName, `${policyPrefix}_${name}`);
}

/** The functions that policies read the context with. */
export function contextFunctions(settings: NativeSettings): string[] {
  const context = `nullif(current_setting(${
    literal(settings.setting, "setting")
  }, true), '')::jsonb`;
  const missing = (path: string) =>
    `raise exception 'Row-level security: the context has no %', array_to_string(${path}, '.') ` +
    `using errcode = 'insufficient_privilege', hint = ` +
    literal(
      `Set "${settings.setting}" to the context, as JSON, for the transaction`,
      "setting",
    );
  return [
    functionOf("value", "path text[], sample anyelement", "anyelement", settings)(`declare
  item text := ${context} #>> path;
  result alias for $0;
begin
  if item is null or item = '' then ${missing("path")}; end if;
  result := item;
  return result;
end`),
    functionOf("list", "path text[], sample anyelement", "anyarray", settings)(`declare
  items jsonb := ${context} #> path;
  result alias for $0;
begin
  if items is null or jsonb_typeof(items) = 'null' then ${missing("path")}; end if;
  if jsonb_typeof(items) <> 'array' then items := jsonb_build_array(items); end if;
  result := array(select item from jsonb_array_elements_text(items) as item);
  if array_position(result::text[], null) is not null or '' = any(result::text[]) then
    ${missing("path")};
  end if;
  return result;
end`),
    functionOf("skips", "skipped text[]", "boolean", settings)(`declare
  auth jsonb := ${context} -> 'auth';
begin
  if auth is null then ${missing("array['auth']")}; end if;
  return coalesce((auth ->> 'isSystem')::boolean, false) or auth -> 'roles' ?| skipped;
end`),
  ];
}

function functionOf(
  name: string,
  parameters: string,
  returns: string,
  settings: NativeSettings,
): (body: string) => string {
  return (body) =>
    `create or replace function ${nameOf(name, settings)}(${parameters}) returns ${returns} ` +
    `language plpgsql stable parallel safe set search_path = pg_catalog as ${
      literal(body, "function")
    }`;
}

/** The statements that drop them. */
export function dropFunctions(settings: NativeSettings): string[] {
  return [
    `drop function if exists ${nameOf("value", settings)}(text[], anyelement)`,
    `drop function if exists ${nameOf("list", settings)}(text[], anyelement)`,
    `drop function if exists ${nameOf("skips", settings)}(text[])`,
  ];
}
