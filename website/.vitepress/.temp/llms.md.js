import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"For language models","description":"The documentation as plain Markdown: llms.txt, llms-full.txt and one file per page.","frontmatter":{"title":"For language models","description":"The documentation as plain Markdown: llms.txt, llms-full.txt and one file per page."},"headers":[],"relativePath":"llms.md","filePath":"llms.md"}');
const _sfc_main = { name: "llms.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="for-language-models" tabindex="-1">For language models <a class="header-anchor" href="#for-language-models" aria-label="Permalink to &quot;For language models&quot;">​</a></h1><p>The documentation is there as text, written by the same build as the site:</p><ul><li><a href="/llms.txt" target="_self">llms.txt</a> lists the pages, with one sentence about each.</li><li><a href="/llms-full.txt" target="_self">llms-full.txt</a> holds all guides in one file.</li><li>Each page has a Markdown twin: put <code>.md</code> behind its address, <code>index.md</code> behind one that ends with a slash.</li></ul><h2 id="rules-for-code-that-uses-kysera" tabindex="-1">Rules for code that uses Kysera <a class="header-anchor" href="#rules-for-code-that-uses-kysera" aria-label="Permalink to &quot;Rules for code that uses Kysera&quot;">​</a></h2><ul><li>Create one executor for the process: <code>await createExecutor(db, plugins)</code>. Use it in place of the Kysely instance, and do not export that one.</li><li>Bind the caller of each request: <code>bindContext(executor, { auth })</code>. Pass the bound executor on.</li><li>Do not repeat what plugins do: no <code>where(&quot;deleted_at&quot;, &quot;is&quot;, null)</code>, no <code>tenant_id</code> in values.</li><li>Delete with <code>softDelete(executor, table, rows)</code> where a table is soft-deleted; <code>deleteFrom</code> removes rows, unless the plugin has <code>onDelete: &quot;soft&quot;</code>.</li><li>Write with the query builder. Raw SQL is refused under policies; <code>getRawDb(executor)</code> goes past every plugin, so use it only where a comment says why.</li><li>Run what belongs together in <code>withTransaction</code> of <code>@kysera/dal</code>, and use its <code>tx.db</code> inside.</li><li>Tell errors by <code>error.code</code>, never by the message.</li><li>On D1, use <code>executor.batch()</code> in place of transactions.</li></ul></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("llms.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const llms = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  llms as default
};
