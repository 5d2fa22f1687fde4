import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"@kysera/infra/pool","description":"How pools of connections are used, whichever driver they are of.","frontmatter":{"title":"@kysera/infra/pool","description":"How pools of connections are used, whichever driver they are of."},"headers":[],"relativePath":"api/infra/pool/index.md","filePath":"api/infra/pool/index.md"}');
const _sfc_main = { name: "api/infra/pool/index.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="kyserainfrapool" tabindex="-1">@kysera/infra/pool <a class="header-anchor" href="#kyserainfrapool" aria-label="Permalink to &quot;@kysera/infra/pool&quot;">​</a></h1><p>How pools of connections are used, whichever driver they are of.</p><h2 id="functions" tabindex="-1">Functions <a class="header-anchor" href="#functions" aria-label="Permalink to &quot;Functions&quot;">​</a></h2><table tabindex="0"><thead><tr><th>name</th><th>what it is</th></tr></thead><tbody><tr><td><a href="/kysera/api/infra/functions#createmetricspool"><code>createMetricsPool</code></a></td><td>A pool with a method <code>getMetrics()</code> beside its own.</td></tr><tr><td><a href="/kysera/api/infra/functions#getpoolmetrics"><code>getPoolMetrics</code></a></td><td>How a pool is used, whichever driver it is of.</td></tr><tr><td><a href="/kysera/api/infra/functions#ismetricspool"><code>isMetricsPool</code></a></td><td>Whether a pool tells how it is used.</td></tr></tbody></table><h2 id="interfaces" tabindex="-1">Interfaces <a class="header-anchor" href="#interfaces" aria-label="Permalink to &quot;Interfaces&quot;">​</a></h2><table tabindex="0"><thead><tr><th>name</th><th>what it is</th></tr></thead><tbody><tr><td><a href="/kysera/api/infra/interfaces#poolmetrics"><code>PoolMetrics</code></a></td><td>How a pool of connections is used.</td></tr><tr><td><a href="/kysera/api/infra/interfaces#withpoolmetrics"><code>WithPoolMetrics</code></a></td><td>Something that tells how it is used.</td></tr></tbody></table><h2 id="types" tabindex="-1">Types <a class="header-anchor" href="#types" aria-label="Permalink to &quot;Types&quot;">​</a></h2><table tabindex="0"><thead><tr><th>name</th><th>what it is</th></tr></thead><tbody><tr><td><a href="/kysera/api/infra/types#databasepool"><code>DatabasePool</code></a></td><td>A pool, or what stands for one.</td></tr><tr><td><a href="/kysera/api/infra/types#metricspool"><code>MetricsPool</code></a></td><td>A pool that tells how it is used.</td></tr></tbody></table></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("api/infra/pool/index.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const index = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  index as default
};
