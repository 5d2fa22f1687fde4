import { sql } from "kysely";
import { notOfExtension, rowsOf, type Scope } from "./_scope.ts";

/** A trigger of a table or a view. */
export interface TriggerRow {
  readonly relation: number;
  readonly name: string;
  /** The bits of `pg_trigger.tgtype`. */
  readonly type: number;
  readonly enabled: "O" | "D" | "R" | "A";
  readonly definition: string;
  readonly comment: string | null;
}

/** Reads the triggers, except those of constraints and of the partitioned table above. */
export function readTriggers(scope: Scope): Promise<TriggerRow[]> {
  return rowsOf(
    scope,
    sql`
    select t.tgrelid::bigint as relation, t.tgname as name, t.tgtype as type,
      t.tgenabled as enabled, pg_catalog.pg_get_triggerdef(t.oid, true) as definition,
      pg_catalog.obj_description(t.oid, 'pg_trigger') as comment
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_class as c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in (${scope.schemas}) and not t.tgisinternal
      -- The column is there since PostgreSQL 13; before, such triggers are internal.
      and coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0'
      and ${notOfExtension("pg_trigger", sql`t.oid`)}`,
  );
}

/** A rule of a table or a view. */
export interface RuleRow {
  readonly relation: number;
  readonly name: string;
  readonly definition: string;
}

/** Reads the rules, except those that make a view. */
export function readRules(scope: Scope): Promise<RuleRow[]> {
  return rowsOf(
    scope,
    sql`
    select r.ev_class::bigint as relation, r.rulename as name,
      pg_catalog.pg_get_ruledef(r.oid, true) as definition
    from pg_catalog.pg_rewrite as r
    join pg_catalog.pg_class as c on c.oid = r.ev_class
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in (${scope.schemas}) and r.rulename <> '_RETURN'`,
  );
}

/** A policy of a table. */
export interface PolicyRow {
  readonly relation: number;
  readonly name: string;
  readonly command: "*" | "r" | "a" | "w" | "d";
  readonly permissive: boolean;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly with_check: string | null;
  readonly comment: string | null;
}

/** Reads the policies. */
export function readPolicies(scope: Scope): Promise<PolicyRow[]> {
  return rowsOf(
    scope,
    sql`
    select p.polrelid::bigint as relation, p.polname as name, p.polcmd as command,
      p.polpermissive as permissive,
      (select json_agg(coalesce(r.rolname, 'public'))
        from unnest(p.polroles) as o (oid)
        left join pg_catalog.pg_roles as r on r.oid = o.oid) as roles,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using,
      pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as with_check,
      pg_catalog.obj_description(p.oid, 'pg_policy') as comment
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in (${scope.schemas})`,
  );
}

/** A function, procedure or aggregate. */
export interface RoutineRow {
  readonly schema: string;
  readonly name: string;
  readonly kind: "f" | "p" | "a" | "w";
  readonly parameters: string;
  readonly returns: string | null;
  readonly definition: string;
  readonly quoted_schema: string;
  readonly comment: string | null;
}

/** The statement that creates an aggregate, which the catalog has no function for. */
const aggregate = sql`
  'CREATE AGGREGATE ' || quote_ident(p.proname) || '(' ||
    pg_catalog.pg_get_function_arguments(p.oid) || ') (' || concat_ws(', ',
      'SFUNC = ' || a.aggtransfn::regproc,
      'STYPE = ' || pg_catalog.format_type(a.aggtranstype, null),
      'SSPACE = ' || nullif(a.aggtransspace, 0),
      'FINALFUNC = ' || nullif(a.aggfinalfn, 0)::regproc,
      case when a.aggfinalextra then 'FINALFUNC_EXTRA' end,
      case when a.aggfinalfn <> 0 then 'FINALFUNC_MODIFY = ' || case a.aggfinalmodify
        when 's' then 'SHAREABLE' when 'w' then 'READ_WRITE' else 'READ_ONLY' end end,
      'COMBINEFUNC = ' || nullif(a.aggcombinefn, 0)::regproc,
      'SERIALFUNC = ' || nullif(a.aggserialfn, 0)::regproc,
      'DESERIALFUNC = ' || nullif(a.aggdeserialfn, 0)::regproc,
      'INITCOND = ' || quote_literal(a.agginitval),
      'MSFUNC = ' || nullif(a.aggmtransfn, 0)::regproc,
      'MINVFUNC = ' || nullif(a.aggminvtransfn, 0)::regproc,
      'MSTYPE = ' || pg_catalog.format_type(nullif(a.aggmtranstype, 0), null),
      'MSSPACE = ' || nullif(a.aggmtransspace, 0),
      'MFINALFUNC = ' || nullif(a.aggmfinalfn, 0)::regproc,
      case when a.aggmfinalextra then 'MFINALFUNC_EXTRA' end,
      case when a.aggmfinalfn <> 0 then 'MFINALFUNC_MODIFY = ' || case a.aggmfinalmodify
        when 's' then 'SHAREABLE' when 'w' then 'READ_WRITE' else 'READ_ONLY' end end,
      'MINITCOND = ' || quote_literal(a.aggminitval),
      'SORTOP = operator(' || (
        select quote_ident(s.nspname) || '.' || o.oprname from pg_catalog.pg_operator as o
        join pg_catalog.pg_namespace as s on s.oid = o.oprnamespace
        where o.oid = a.aggsortop) || ')',
      'PARALLEL = ' || case p.proparallel when 's' then 'SAFE' when 'r' then 'RESTRICTED' end,
      case when a.aggkind = 'h' then 'HYPOTHETICAL' end
    ) || ')'`;

/** Reads functions, procedures and aggregates. */
export function readRoutines(scope: Scope): Promise<RoutineRow[]> {
  return rowsOf(
    scope,
    sql`
    select n.nspname as schema, p.proname as name, p.prokind as kind,
      pg_catalog.pg_get_function_identity_arguments(p.oid) as parameters,
      pg_catalog.pg_get_function_result(p.oid) as returns,
      case when p.prokind = 'a' then ${aggregate}
        else pg_catalog.pg_get_functiondef(p.oid) end as definition,
      quote_ident(n.nspname) as quoted_schema,
      pg_catalog.obj_description(p.oid, 'pg_proc') as comment
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    left join pg_catalog.pg_aggregate as a on a.aggfnoid = p.oid
    where n.nspname in (${scope.schemas}) and ${notOfExtension("pg_proc", sql`p.oid`)}
      -- The constructors of range types belong to the types.
      and not exists (select 1 from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
          and d.deptype = 'i')`,
  );
}
