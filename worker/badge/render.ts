import { makeBadge } from "badge-maker";
import { type BadgeText, LABEL_COLOR } from "./text.ts";

/** shields.io and every CDN between keep a badge for at least this long. */
export const BADGE_MAX_AGE_S = 300;

/** SVG with title and aria-label; the library escapes all five characters of XML. */
export function badgeSvg({ label, message, color }: BadgeText): string {
  return makeBadge({ label, message, color, labelColor: LABEL_COLOR, style: "flat" });
}

/** The endpoint form of shields.io: no key but those that it knows. */
export function badgeJson({ label, message, color, isError }: BadgeText) {
  return { schemaVersion: 1, label, message, color, labelColor: LABEL_COLOR, isError, cacheSeconds: BADGE_MAX_AGE_S };
}
