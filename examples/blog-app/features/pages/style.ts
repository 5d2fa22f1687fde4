/** The style sheet of all pages: one column, which fits a phone; colours by the reader's preference. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c1c1c, #ececec);
  --muted: light-dark(#595959, #b0b0b0);
  --back: light-dark(#ffffff, #161616);
  --line: light-dark(#d0d0d0, #444444);
  --accent: light-dark(#1f5f3f, #7fd1a3);
  --danger: light-dark(#a11d1d, #ff9d9d);
  --added: light-dark(#d9f2e1, #173d26);
  --removed: light-dark(#fbdcdc, #4a1b1b);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 46rem; padding: 0 1rem 3rem;
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
.list { list-style: none; padding: 0; }
.list > li { border-bottom: 1px solid var(--line); padding: .75rem 0; }
.list h2 { margin: 0; }
.tags { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: .5rem 0; }
.tags a { display: inline-block; border: 1px solid var(--line); border-radius: 1rem;
  padding: 0 .75rem; text-decoration: none; }
.body { white-space: pre-wrap; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
form.stack { display: grid; gap: 1rem; }
label { display: block; font-weight: 600; }
input, textarea { width: 100%; padding: .5rem; font: inherit; color: inherit;
  background: var(--back); border: 1px solid var(--muted); border-radius: .25rem; }
input[type=checkbox] { width: auto; margin-right: .5rem; }
.check { font-weight: 400; }
form.search { display: flex; gap: .5rem; margin: 1rem 0; }
button { padding: .5rem 1rem; font: inherit; cursor: pointer; border-radius: .25rem;
  border: 1px solid var(--accent); background: var(--back); color: var(--accent); }
button.main { background: var(--accent); color: var(--back); justify-self: start; }
button.danger { border-color: var(--danger); color: var(--danger); }
.errors { border: 2px solid var(--danger); border-radius: .25rem; padding: .5rem 1rem;
  margin-bottom: 1rem; }
.problem { color: var(--danger); }
ins { background: var(--added); text-decoration: none; border-bottom: 2px solid; }
del { background: var(--removed); }
dt { font-weight: 600; margin-top: .5rem; }
dd { margin: 0; white-space: pre-wrap; }
`;
