import type { Page } from "playwright-core";

/** The playground in a browser. */
export class PlaygroundPage {
  readonly page: Page;
  /** What the page has complained about. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.complaints.push(`${message.type()}: ${message.text()}`);
      }
    });
    page.on("pageerror", (error) => this.complaints.push(`thrown: ${error.message}`));
  }

  /** Opens an address, and waits for the first result. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.#after(0);
  }

  /** Opens the page anew, and waits for the first result. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#after(0);
  }

  /** Does something that has the program run, and waits for the result. */
  async running(action: () => Promise<unknown>): Promise<void> {
    const before = await this.#runs();
    await action();
    await this.#after(before);
  }

  /** Shows a file. */
  async show(file: "query" | "plugins" | "schema"): Promise<void> {
    await this.page.locator(`#tab-${file}`).click();
    await this.shows(file);
  }

  /** Waits until a file is shown. */
  async shows(file: "query" | "plugins" | "schema"): Promise<void> {
    await this.page.locator(`.cm-content[aria-label="${file}.ts"]`).waitFor();
  }

  /** Puts a text into the file that is shown. */
  async write(text: string): Promise<void> {
    await this.page.locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** Writes a query: an expression, or the body of a function, of `db`. */
  async query(source: string): Promise<void> {
    await this.running(() => this.write(source));
  }

  /** The text of the file that is shown. */
  async text(): Promise<string> {
    return await this.page.locator(".cm-content").innerText();
  }

  /** Chooses an attempt of the menu. */
  async attempt(id: string): Promise<void> {
    await this.running(() => this.page.locator(".attempts select").selectOption(id));
  }

  /** How the run ended. */
  async verdict(): Promise<string | null> {
    return await this.page.locator("[data-verdict]").getAttribute("data-verdict");
  }

  /** What is said about how the run ended. */
  async said(): Promise<string> {
    return await this.page.locator("[data-verdict]").innerText();
  }

  /** The SQL of a query, on one line. */
  async sql(which: "written" | "run", query = 1): Promise<string> {
    const block = this.page.locator(`.sql[aria-label^="SQL as ${which}"]`).nth(query - 1);
    return (await block.innerText()).replace(/\s+/g, " ").trim();
  }

  /** What a plugin has added to the SQL of the first query. */
  async addedBy(plugin: string): Promise<string> {
    const parts = this.page.locator(".query").first().locator(`ins[data-plugin="${plugin}"]`);
    return (await parts.allInnerTexts()).join(" ");
  }

  /** The rows that the program returned, with the plugins or alone. */
  async rows(which: "guarded" | "alone"): Promise<string[]> {
    return await this.page.locator(`#${which} tbody tr`).allInnerTexts();
  }

  async #runs(): Promise<number> {
    return Number(await this.page.locator(".result-pane").getAttribute("data-runs"));
  }

  async #after(runs: number): Promise<void> {
    await this.page.waitForFunction((before) => {
      const pane = document.querySelector<HTMLElement>(".result-pane");
      return pane !== null && Number(pane.dataset["runs"]) > before &&
        pane.getAttribute("aria-busy") === "false";
    }, runs);
  }
}
