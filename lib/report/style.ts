/** The style sheet of the report: light, dark and print from the same few colours. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --faint: #59636e; --line: #d1d9e0; --shade: #f6f8fa;
  --good: #1a7f37; --bad: #cf222e; --doubt: #9a6700; --link: #0969da;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #3d444d; --shade: #151b23;
    --good: #3fb950; --bad: #f85149; --doubt: #d29922; --link: #4493f8;
  }
}
* { box-sizing: border-box; }
body { overflow-wrap: anywhere; margin: 0 auto; padding: 1.5rem; max-width: 90rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
p { margin: .25rem 0; }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--link); }
.faint { color: var(--faint); }
.numbers { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; padding: 0; list-style: none; }
.numbers li { border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; background: var(--shade); }
.numbers b { font-size: 1.25rem; }
#filter { position: sticky; top: 0; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center;
  padding: .5rem 0; background: var(--paper); }
#filter[hidden] { display: none; }
#filter input { flex: 1 1 16rem; }
#filter input, #filter select { font: inherit; padding: .3rem .5rem; color: inherit; background: var(--shade);
  border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
thead th { font-size: .85rem; color: var(--faint); }
tbody th { background: var(--shade); }
.mark { display: inline-block; font-size: .8rem; padding: 0 .45rem; border-radius: 1rem; border: 1px solid; white-space: nowrap; }
.good, .note { color: var(--good); }
.bad, .error { color: var(--bad); }
.doubt, .warning { color: var(--doubt); }
.note { color: var(--faint); }
.verdict { border: 1px solid; border-radius: .4rem; padding: .5rem .8rem; }
.hint, .command, .place { display: block; margin-top: .15rem; }
.command { margin: .25rem 0; padding: .3rem .5rem; background: var(--shade); border: 1px solid var(--line); border-radius: .3rem; }
.place { font-size: .9rem; }
article { margin-top: 2.5rem; padding-top: 1rem; border-top: 3px solid var(--line); }
td code { line-height: 1.3; display: inline-block; }
ul.list { margin: 0; padding-left: 1.1rem; }
ul.list > li { margin: .4rem 0; }
tr[hidden], tbody[hidden] { display: none; }
@media (max-width: 42rem) {
  body { padding: .75rem; }
  table, tbody, tr, td, th { display: block; }
  thead { display: none; }
  tr[data-text] { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .3rem 0; }
  td { border-bottom: 0; padding: .15rem .6rem; }
  td[data-label]::before { content: attr(data-label); display: block; font-size: .75rem; color: var(--faint); }
  tr[hidden], tbody[hidden] { display: none; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --faint: #444; --line: #999; --shade: #fff; --good: #000; --bad: #000; --doubt: #000; --link: #000; }
  body { padding: 0; max-width: none; font-size: 9pt; }
  #filter { display: none; }
  tr, li { break-inside: avoid; }
  thead { display: table-header-group; }
}
`;
