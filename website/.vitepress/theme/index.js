import DefaultTheme from "vitepress/theme-without-fonts";
import { h } from "vue";
import HeroQuery from "./HeroQuery.vue";
import QueryPath from "./QueryPath.vue";
import "./style.css";
import { showTypes } from "./types.js";

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "home-hero-image": () => h(HeroQuery) }),
  enhanceApp({ app }) {
    app.component("QueryPath", QueryPath);
    if (typeof document !== "undefined") showTypes();
  },
};
