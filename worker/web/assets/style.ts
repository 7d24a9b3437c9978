/** The one style sheet. Colours pass WCAG AA on both grounds; no colour stands without a glyph and a word. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fcfcfa; --raised: #ffffff; --sunken: #f3f3ef; --ink: #1b1c1e; --quiet: #55585e; --line: #d9d9d3; --strong-line: #a9a9a2;
  --link: #134b9c; --focus: #134b9c;
  --pass: #12653a; --pass-ground: #e4f3ea; --fail: #a81c26; --fail-ground: #fdeaea; --error: #7a3d9c; --error-ground: #f5ebfa;
  --absent: #55585e; --absent-ground: #eeeeea; --unrun: #7a4b00; --unrun-ground: #fbf0d9;
  --sans: "Inter", "Source Sans 3", ui-sans-serif, system-ui, "Segoe UI", "Open Sans", sans-serif;
  --mono: ui-monospace, "SFMono-Regular", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171a; --raised: #1c1f23; --sunken: #22262b; --ink: #e9eaec; --quiet: #a9aeb6; --line: #33383f; --strong-line: #59606a;
    --link: #93bdff; --focus: #93bdff;
    --pass: #7fd6a2; --pass-ground: #17301f; --fail: #ff9c9c; --fail-ground: #3a1c1f; --error: #dcb0f5; --error-ground: #30203b;
    --absent: #a9aeb6; --absent-ground: #262a30; --unrun: #f0c878; --unrun-ground: #352a14;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 400 1rem/1.55 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: .5rem .75rem; background: var(--raised); border: 2px solid var(--focus); z-index: 2; }
.skip:focus { top: .5rem; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
a { color: var(--link); text-underline-offset: .18em; text-decoration-thickness: .06em; }
a:hover { text-decoration-thickness: .12em; }
.page { max-width: 84rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
.top { border-bottom: 1px solid var(--line); background: var(--raised); }
.top .page { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1.5rem; padding-block: .85rem; }
.mark { font-weight: 650; font-size: 1.125rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
.mark small { font-weight: 400; font-size: .875rem; color: var(--quiet); letter-spacing: 0; margin-left: .5rem; }
.top nav { margin-left: auto; }
@media (max-width: 34rem) { .top nav { margin-left: 0; } .mark small { display: none; } }
.top nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
.top nav a { display: inline-block; padding-block: .2rem; }
.top nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
main { padding-block: 1.75rem 3rem; }
footer { border-top: 1px solid var(--line); color: var(--quiet); font-size: .875rem; }
footer .page { padding-block: 1.25rem 2rem; }
footer p { margin: .25rem 0; max-width: 62rem; }
h1, h2, h3 { line-height: 1.25; letter-spacing: -.012em; font-weight: 650; text-wrap: balance; }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.5vw, 2rem); margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h2 .count { font-weight: 400; font-size: .875rem; color: var(--quiet); letter-spacing: 0; margin-left: .35rem; }
h3 { font-size: 1.0625rem; margin: 1.75rem 0 .4rem; }
p { margin: .5rem 0; max-width: 68ch; }
.lead { font-size: 1.0625rem; color: var(--quiet); }
.quiet { color: var(--quiet); }
.eyebrow { margin: 0 0 .25rem; font-size: .875rem; color: var(--quiet); }
code, kbd, .mono { font-family: var(--mono); font-size: .875em; }
code { overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; vertical-align: middle; }
.notice { border-left: 4px solid var(--strong-line); background: var(--sunken); padding: .6rem .9rem; margin: 1rem 0; max-width: 76ch; }
.notice p { margin: 0; }
.scroll { overflow-x: auto; margin: .75rem 0; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); position: relative; }
.scroll table td, .scroll table th { overflow-wrap: normal; }
.scroll code[title] { white-space: nowrap; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; line-height: 1.4; }
caption { text-align: left; padding: .6rem .8rem; color: var(--quiet); font-size: .875rem; border-bottom: 1px solid var(--line); }
th, td { padding: .5rem .8rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { font-size: .8125rem; font-weight: 600; color: var(--quiet); white-space: nowrap; vertical-align: bottom; border-bottom-color: var(--strong-line); }
tbody th { font-weight: 500; }
tbody th code { white-space: nowrap; }
@media (min-width: 40rem) { th.stick { min-width: 12.5rem; } .ops th:first-child { width: 16rem; } }
.matrix th, .matrix td { padding-inline: .32rem; }
.matrix th.stick { min-width: 8rem; padding-left: .7rem; }
.matrix td { font-size: .8125rem; }
.ops thead th:not(:first-child), .wrap thead th { white-space: normal; min-width: 6.5rem; }
.wrap thead th:first-child { min-width: 9rem; }
.prose { min-width: min(24rem, 65vw); }
.num { text-align: right; white-space: nowrap; }
.nowrap { white-space: nowrap; }
th.stick { position: sticky; left: 0; background: var(--raised); z-index: 1; }
.verdict { display: inline-flex; align-items: center; gap: .35em; padding: .08em .5em .08em .38em; border-radius: 4px; white-space: nowrap; font-size: .875rem; font-weight: 550; line-height: 1.5; border: 1px solid transparent; }
.verdict svg { width: .85em; height: .85em; flex: none; }
.matrix .verdict { white-space: normal; align-items: baseline; font-size: inherit; line-height: 1.35; }
.pass { color: var(--pass); background: var(--pass-ground); }
.fail { color: var(--fail); background: var(--fail-ground); }
.error { color: var(--error); background: var(--error-ground); }
.not-offered { color: var(--absent); background: var(--absent-ground); }
.not-run, .waiting { color: var(--unrun); background: var(--unrun-ground); }
.case { display: block; }
.cell { display: flex; flex-direction: column; align-items: flex-start; gap: .2rem; }
.sub { display: block; color: var(--quiet); font-size: .8125rem; font-weight: 400; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.25rem; margin: 1rem 0; max-width: 92ch; }
dl.facts dt { color: var(--quiet); font-size: .9375rem; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 34rem) { dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; } dl.facts dd { margin-bottom: .5rem; } th.stick { position: static; } }
.failure { border: 1px solid var(--line); border-left: 5px solid var(--fail); border-radius: 6px; background: var(--raised); padding: .25rem 1.1rem 1rem; margin: 1rem 0; }
.failure.is-error { border-left-color: var(--error); }
.failure h3 { margin-top: .9rem; display: flex; flex-wrap: wrap; gap: .4rem .7rem; align-items: center; overflow-wrap: anywhere; }
.failure blockquote { margin: .5rem 0 .75rem; padding: 0; font-size: 1.0625rem; max-width: 68ch; }
.copy { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.copy code { min-width: 0; user-select: all; background: var(--sunken); border: 1px solid var(--line); border-radius: 4px; padding: .25rem .5rem; }
.replay { display: block; margin-top: .2rem; }
button { font: inherit; font-size: .875rem; color: var(--ink); background: var(--raised); border: 1px solid var(--strong-line); border-radius: 4px; padding: .3rem .7rem; min-height: 1.75rem; cursor: pointer; }
button:hover { background: var(--sunken); }
details { margin: .75rem 0; }
summary { cursor: pointer; padding: .25rem 0; font-weight: 550; }
progress { width: min(100%, 32rem); height: .8rem; accent-color: var(--link); display: block; margin: .4rem 0; }
.trace td, .trace th { font-size: .8125rem; padding: .22rem .6rem; }
.trace td { font-family: var(--mono); white-space: nowrap; }
.trace .layer { color: var(--quiet); }
.trace tr.last > * { background: var(--fail-ground); }
ol.events { list-style: none; padding: 0; margin: .75rem 0; }
ol.events li { padding: .3rem 0 .3rem 1rem; border-left: 2px solid var(--line); }
ol.events time { color: var(--quiet); font-size: .875rem; margin-right: .75rem; }
.legend { display: flex; flex-wrap: wrap; gap: .35rem .9rem; padding: 0; margin: .5rem 0 0; list-style: none; font-size: .875rem; color: var(--quiet); }
.legend li { display: inline-flex; align-items: center; gap: .4rem; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media (forced-colors: active) { .verdict { border-color: currentColor; } .failure { border-left-color: CanvasText; } }
@media print { .top nav, .skip, button { display: none; } body { background: #fff; } }
`;
