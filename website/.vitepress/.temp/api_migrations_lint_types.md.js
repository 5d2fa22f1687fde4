import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"@kysera/migrations/lint: types","description":"Types of @kysera/migrations/lint.","frontmatter":{"title":"@kysera/migrations/lint: types","description":"Types of @kysera/migrations/lint."},"headers":[],"relativePath":"api/migrations/lint/types.md","filePath":"api/migrations/lint/types.md"}');
const _sfc_main = { name: "api/migrations/lint/types.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="types-of-kyseramigrationslint" tabindex="-1">Types of <a href="/kysera/api/migrations/lint/">@kysera/migrations/lint</a> <a class="header-anchor" href="#types-of-kyseramigrationslint" aria-label="Permalink to &quot;Types of [@kysera/migrations/lint](/api/migrations/lint/)&quot;">​</a></h1><h2 id="lintseverity" tabindex="-1">LintSeverity <a class="header-anchor" href="#lintseverity" aria-label="Permalink to &quot;LintSeverity&quot;">​</a></h2><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-high-contrast vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">type</span><span style="--shiki-light:#702C00;--shiki-dark:#FFB757;"> LintSeverity</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;"> =</span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;"> &quot;error&quot;</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;"> |</span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;"> &quot;warning&quot;</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;"> |</span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;"> &quot;info&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">;</span></span></code></pre></div><p>How bad a finding is. <code>error</code>: the migration fails, loses data, or stops programs that run; <code>warning</code>: it may; <code>info</code>: worth knowing. A rule that is <code>off</code> is not asked.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("api/migrations/lint/types.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const types = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  types as default
};
