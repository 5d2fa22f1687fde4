import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"@kysera/cli: functions","description":"Functions of @kysera/cli.","frontmatter":{"title":"@kysera/cli: functions","description":"Functions of @kysera/cli."},"headers":[],"relativePath":"api/cli/functions.md","filePath":"api/cli/functions.md"}');
const _sfc_main = { name: "api/cli/functions.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="functions-of-kyseracli" tabindex="-1">Functions of <a href="/kysera/api/cli/">@kysera/cli</a> <a class="header-anchor" href="#functions-of-kyseracli" aria-label="Permalink to &quot;Functions of [@kysera/cli](/api/cli/)&quot;">​</a></h1><h2 id="defineconfig" tabindex="-1">defineConfig <a class="header-anchor" href="#defineconfig" aria-label="Permalink to &quot;defineConfig&quot;">​</a></h2><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-high-contrast vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">function</span><span style="--shiki-light:#622CBC;--shiki-dark:#DBB7FF;"> defineConfig</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">(</span><span style="--shiki-light:#702C00;--shiki-dark:#FFB757;">config</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">:</span><span style="--shiki-light:#702C00;--shiki-dark:#FFB757;"> KyseraConfig</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">)</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">:</span><span style="--shiki-light:#702C00;--shiki-dark:#FFB757;"> KyseraConfig</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">;</span></span></code></pre></div><p>Returns a configuration as it is, so that an editor knows its keys.</p><p><strong>Parameters</strong></p><ul><li><code>config</code>: the configuration</li></ul><p><strong>Returns</strong></p><ul><li>the same object</li></ul><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-high-contrast vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">import</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;"> { defineConfig, </span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">type</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;"> KyseraConfig } </span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">from</span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;"> &quot;@kysera/cli&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">;</span></span>
<span class="line"></span>
<span class="line"><span style="--shiki-light:#66707B;--shiki-dark:#BDC4CC;">// What kysera.config.ts exports by default</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">const</span><span style="--shiki-light:#023B95;--shiki-dark:#91CBFF;"> config</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;">:</span><span style="--shiki-light:#702C00;--shiki-dark:#FFB757;"> KyseraConfig</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF9492;"> =</span><span style="--shiki-light:#622CBC;--shiki-dark:#DBB7FF;"> defineConfig</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">({</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">  database: { dialect: </span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;">&quot;sqlite&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">, database: </span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;">&quot;app.db&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;"> },</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">  migrations: { directory: </span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;">&quot;./migrations&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;"> },</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">  environments: {</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">    production: { database: { connection: </span><span style="--shiki-light:#032563;--shiki-dark:#ADDCFF;">&quot;postgres://app@db.example.org/shop&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;"> } },</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">  },</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#F0F3F6;">});</span></span></code></pre></div></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("api/cli/functions.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const functions = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  functions as default
};
