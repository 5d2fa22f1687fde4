import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Reading: every case, part 2 of 2","description":"Cases of the bypass corpus, with the result on every database.","frontmatter":{"title":"Reading: every case, part 2 of 2","description":"Cases of the bypass corpus, with the result on every database."},"headers":[],"relativePath":"security/bypass-reading-2.md","filePath":"security/bypass-reading-2.md"}');
const _sfc_main = { name: "security/bypass-reading-2.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="reading-every-case-part-2-of-2" tabindex="-1">Reading: every case, part 2 of 2 <a class="header-anchor" href="#reading-every-case-part-2-of-2" aria-label="Permalink to &quot;Reading: every case, part 2 of 2&quot;">​</a></h1><p>What the letters mean is said in <a href="/kysera/security/bypass">the summary</a>.</p><table tabindex="0"><thead><tr><th>#</th><th>case</th><th>sqlite</th><th>pglite</th><th>postgres</th><th>mysql</th></tr></thead><tbody><tr><td>18</td><td>$pickTables</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>clearWhere() takes no filter away</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>clearSelect(), clearLimit(), clearOrderBy()</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>a standalone expressionBuilder()</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>one builder used for two queries</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>one builder in two places of a query</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>$asScalar of a subquery</td><td>F</td><td>F</td><td>F</td><td>F</td></tr><tr><td>18</td><td>jsonArrayFrom</td><td>F</td><td>F</td><td>F</td><td>- (43)</td></tr><tr><td>18</td><td>jsonObjectFrom, with one in it</td><td>F</td><td>F</td><td>F</td><td>- (43)</td></tr><tr><td>18</td><td>a table&#39;s own columns by eb.table</td><td>- (44)</td><td>F</td><td>F</td><td>- (44)</td></tr></tbody></table></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("security/bypass-reading-2.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const bypassReading2 = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  bypassReading2 as default
};
