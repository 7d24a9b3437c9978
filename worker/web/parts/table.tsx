import type { Child } from "hono/jsx";

/** A table that scrolls inside its own box, so that the page itself never does; the box can be reached by keyboard. */
export function ScrollTable(props: { label: string; caption?: Child; class?: string; children?: Child }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="scroll" aria-label={props.label} tabIndex={0}>
      <table class={props.class}>
        {props.caption && <caption>{props.caption}</caption>}
        {props.children}
      </table>
    </section>
  );
}

/** One list of names and values. */
export function Facts({ rows }: { rows: [string, Child][] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}
