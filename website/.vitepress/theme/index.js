import DefaultTheme from "vitepress/theme-without-fonts";
import QueryPath from "./QueryPath.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("QueryPath", QueryPath);
  },
};
