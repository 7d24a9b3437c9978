import { type BadgeState, type BadgeView, MODEL_VENDOR } from "../registry/views.ts";

/** What a badge says. The submitter chooses no word and no colour of it. */
export interface BadgeText {
  label: string;
  message: string;
  /** Fill behind the message; white text on it has a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3). */
  color: string;
  /** Stops shields.io users from recolouring a result that is not good. */
  isError: boolean;
}

export const LABEL_COLOR = "#333333";

/** Glyph, word and fill: never colour alone. */
export const looks: Readonly<Record<BadgeState, { glyph: string; color: string; isError: boolean }>> = {
  passing: { glyph: "✓", color: "#1a6b2c", isError: false },
  partial: { glyph: "◐", color: "#7a5200", isError: false },
  failing: { glyph: "✗", color: "#b3261e", isError: true },
  disputed: { glyph: "‽", color: "#6b3fa0", isError: true },
  revoked: { glyph: "⊘", color: "#333f50", isError: true },
  stale: { glyph: "⧗", color: "#5a5a5a", isError: true },
  unknown: { glyph: "?", color: "#5a5a5a", isError: false },
};

const SUITE_CHARS = 7;

/** Product, version and what its vendor is; state word and glyph, score, PVI, suite, date, and both axes of trust. */
export function badgeText(badge: BadgeView): BadgeText {
  const { glyph, color, isError } = looks[badge.state];
  const suite = badge.suite.slice("sha256:".length).slice(0, SUITE_CHARS);
  const about = `${badge.vendor}/${badge.backend} ${badge.version}${badge.group ? ` ${badge.group}` : ""}`;
  const { provenance, execution } = badge.trust;
  const message = [
    `${glyph} ${badge.state} ${badge.held}/${badge.of}`,
    `PVI ${badge.pvi}`,
    `suite ${suite}`,
    badge.at.slice(0, 10),
    ...(badge.privateAbi ? ["private ABI"] : []),
    `${provenance}, ${execution}`,
  ].join(" · ");
  return { label: about + vendorText(badge), message, color, isError };
}

/** A model is no product, and a name that nobody proved is nobody's. */
function vendorText({ vendor, unverified }: BadgeView): string {
  if (vendor === MODEL_VENDOR) return " (reference model)";
  return unverified ? " (unverified vendor)" : "";
}

/** A badge for something that has no result: grey, so that a README does not break. @param about what was asked for */
export function unknownText(about: string): BadgeText {
  const { glyph, color, isError } = looks.unknown;
  return { label: about, message: `${glyph} unknown · no published result`, color, isError };
}
