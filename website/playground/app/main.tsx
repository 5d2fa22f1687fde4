import { render } from "preact";
import "./style.css";
import { start, watchAddress } from "./state/playground.ts";
import { App } from "./view/app.tsx";

// The database opens while the page is drawn.
void start();
watchAddress();
render(<App />, document.getElementById("app")!);

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  addEventListener("load", () => {
    // Without it, as in a private window, the playground needs the network: that is all.
    navigator.serviceWorker.register("./service_worker.js").catch(() => {});
  });
}
