/** The style sheet of all pages: fits a phone; colors by the reader's preference. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c1c1c, #ececec);
  --muted: light-dark(#595959, #b0b0b0);
  --back: light-dark(#ffffff, #161616);
  --line: light-dark(#d0d0d0, #444444);
  --accent: light-dark(#1f5f3f, #7fd1a3);
  --danger: light-dark(#a11d1d, #ff9d9d);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 0 1rem 3rem;
  background: var(--back); color: var(--text);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: break-word;
}
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--back); padding: .5rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline;
  padding: 1rem 0; border-bottom: 1px solid var(--line); }
header strong { font-size: 1.25rem; }
header nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
h1 { line-height: 1.25; margin: 1.5rem 0 .5rem; }
h2 { line-height: 1.3; margin: 1.5rem 0 .25rem; font-size: 1.25rem; }
.muted { color: var(--muted); font-size: .9375rem; }
.price { font-variant-numeric: tabular-nums; font-weight: 600; }
.status { font-size: 1.125rem; font-weight: 600; margin: 0; }
.total { text-align: right; font-size: 1.125rem; }
.grid { list-style: none; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
.grid > li { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
  display: flex; flex-direction: column; }
.grid h2, .line h2 { margin: 0; font-size: 1.0625rem; }
.grid p, .line p { margin: 0; }
.grid form { margin-top: auto; padding-top: .75rem; }
.list { list-style: none; padding: 0; margin: .5rem 0; }
.list > li { border-bottom: 1px solid var(--line); padding: .75rem 0; }
.line { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; }
.line > :first-child { flex: 1 1 12rem; }
.line > .price { min-width: 6rem; text-align: right; margin-left: auto; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
form.stack { display: grid; gap: 1rem; max-width: 26rem; }
label { display: block; font-weight: 600; }
input { width: 100%; padding: .5rem; font: inherit; color: inherit;
  background: var(--back); border: 1px solid var(--muted); border-radius: .25rem; }
input[type=number] { width: 5.5rem; }
form.search { display: flex; gap: .5rem; margin: 1rem 0; max-width: 26rem; }
button { padding: .5rem 1rem; font: inherit; cursor: pointer; border-radius: .25rem;
  border: 1px solid var(--accent); background: var(--back); color: var(--accent); }
button.main { background: var(--accent); color: var(--back); justify-self: start; }
button.danger { border-color: var(--danger); color: var(--danger); }
table { width: 100%; border-collapse: collapse; margin: 1.5rem 0 .5rem; }
caption { text-align: left; font-weight: 600; font-size: 1.25rem; }
th, td { text-align: right; padding: .5rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; padding-left: 0; font-weight: 400; }
tbody th { min-width: 6.5rem; }
.list + form { margin-top: 1rem; }
thead th, thead th:first-child { font-weight: 600; }
.errors { border: 2px solid var(--danger); border-radius: .25rem; padding: .5rem 1rem;
  margin-bottom: 1rem; }
.problem { color: var(--danger); }
`;
