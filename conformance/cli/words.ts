/** Verdicts for the eye: a glyph and a word beside every colour. */
import { styleText } from "node:util";
import type { Verdict } from "../runner/types.ts";

type Style = Parameters<typeof styleText>[0];

const looks: Record<Verdict, { glyph: string; style: Style }> = {
  pass: { glyph: "✓", style: "green" },
  fail: { glyph: "✗", style: "red" },
  error: { glyph: "!", style: "magenta" },
  "not-offered": { glyph: "–", style: "gray" },
  "not-run": { glyph: "○", style: "yellow" },
};

/** Colour only where stdout shows it (a terminal without NO_COLOR). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** "✗ fail" in its colour, padded to one width. */
export function verdictWord(verdict: Verdict): string {
  const { glyph, style } = looks[verdict];
  return paint(style, `${glyph} ${verdict.padEnd("not-offered".length)}`);
}
