/** The style of the page. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1d2329;
  --muted: #56606b;
  --line: #c3cad2;
  --back: #f5f6f8;
  --card: #ffffff;
  --accent: #0b5cad;
  --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e8ebee;
    --muted: #a3adb8;
    --line: #3d4650;
    --back: #14181c;
    --card: #1d2329;
    --accent: #7db8f0;
    --on-accent: #10151a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header { max-width: 70rem; margin: 0 auto; padding: 1.5rem 1rem 0; }
header p { max-width: 45rem; color: var(--muted); }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 0 0 .75rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 .25rem; font-size: 1rem; }
main {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 1rem;
  max-width: 70rem;
  margin: 0 auto;
  padding: 1rem;
}
section {
  padding: 1.25rem;
  border: 1px solid var(--line);
  border-radius: .5rem;
  background: var(--card);
}
label { display: block; margin-top: .75rem; font-weight: 600; }
input {
  width: 100%;
  padding: .5rem;
  border: 1px solid var(--muted);
  border-radius: .25rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
button {
  margin-top: 1rem;
  padding: .5rem 1rem;
  border: 1px solid var(--accent);
  border-radius: .25rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  cursor: pointer;
}
button.plain { background: transparent; color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.row { display: flex; gap: .5rem; }
.row button { margin-top: 0; }
.usage, .message { color: var(--muted); }
.usage { margin: 0; }
.message:empty { display: none; }
ul { margin: 0; padding-left: 1.25rem; }
li small { display: block; color: var(--muted); overflow-wrap: anywhere; }
`;
