import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";

/**
 * Makes each request a span; the statements of the database stand under it. Without an SDK this costs
 * next to nothing. The span has the route, not the path: ids are left out.
 */
export function traceRequests(): MiddlewareHandler {
  const tracer = trace.getTracer("multi-tenant-saas");
  return async (c, next) => {
    const span = tracer.startSpan(c.req.method, {
      kind: SpanKind.SERVER,
      attributes: { "http.request.method": c.req.method },
    });
    await context.with(trace.setSpan(context.active(), span), next);
    span.updateName(`${c.req.method} ${routePath(c, -1)}`);
    span.setAttribute("http.route", routePath(c, -1));
    span.setAttribute("http.response.status_code", c.res.status);
    if (c.res.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
}

/**
 * Sends spans to a collector, where `OTEL_EXPORTER_OTLP_ENDPOINT` names one.
 *
 * @returns a function that sends what is left
 */
export async function startTelemetry(
  env: Readonly<Record<string, string | undefined>>,
): Promise<() => Promise<void>> {
  if (!env["OTEL_EXPORTER_OTLP_ENDPOINT"]) return () => Promise.resolve();
  const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const { BatchSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new OTLPTraceExporter();
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}
