import { effect, signal } from "@preact/signals";

/** Where the site, which the playground is a part of, keeps the choice. */
const KEY = "vitepress-theme-appearance";
const system = matchMedia("(prefers-color-scheme: dark)");

export const isDark = signal(initial());

function initial(): boolean {
  const chosen = stored();
  return chosen === "dark" || (chosen !== "light" && system.matches);
}

/** Storage may be forbidden. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Changes between light and dark, here and on the site. */
export function toggleTheme(): void {
  isDark.value = !isDark.value;
  try {
    localStorage.setItem(KEY, isDark.value ? "dark" : "light");
  } catch {
    // Then it holds for this page.
  }
}

system.addEventListener("change", () => isDark.value = initial());
effect(() => {
  document.documentElement.classList.toggle("dark", isDark.value);
});
