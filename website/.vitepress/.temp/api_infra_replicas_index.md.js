import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"@kysera/infra/replicas","description":"Reads from replicas, as fresh as they have to be.","frontmatter":{"title":"@kysera/infra/replicas","description":"Reads from replicas, as fresh as they have to be."},"headers":[],"relativePath":"api/infra/replicas/index.md","filePath":"api/infra/replicas/index.md"}');
const _sfc_main = { name: "api/infra/replicas/index.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="kyserainfrareplicas" tabindex="-1">@kysera/infra/replicas <a class="header-anchor" href="#kyserainfrareplicas" aria-label="Permalink to &quot;@kysera/infra/replicas&quot;">​</a></h1><p>Reads from replicas, as fresh as they have to be.</p><h2 id="functions" tabindex="-1">Functions <a class="header-anchor" href="#functions" aria-label="Permalink to &quot;Functions&quot;">​</a></h2><table tabindex="0"><thead><tr><th>name</th><th>what it is</th></tr></thead><tbody><tr><td><a href="/kysera/api/infra/functions#createreplicarouter"><code>createReplicaRouter</code></a></td><td>Sends reads to replicas.</td></tr></tbody></table><h2 id="interfaces" tabindex="-1">Interfaces <a class="header-anchor" href="#interfaces" aria-label="Permalink to &quot;Interfaces&quot;">​</a></h2><table tabindex="0"><thead><tr><th>name</th><th>what it is</th></tr></thead><tbody><tr><td><a href="/kysera/api/infra/interfaces#replicaoptions"><code>ReplicaOptions</code></a></td><td>Options of <code>createReplicaRouter</code>.</td></tr><tr><td><a href="/kysera/api/infra/interfaces#replicarouter"><code>ReplicaRouter</code></a></td><td>A database with replicas.</td></tr><tr><td><a href="/kysera/api/infra/interfaces#replicastate"><code>ReplicaState</code></a></td><td>How a replica does.</td></tr></tbody></table></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("api/infra/replicas/index.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const index = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  index as default
};
