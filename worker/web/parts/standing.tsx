import type { Standing } from "../../registry/views.ts";

const shown: Readonly<Record<Exclude<Standing, "valid">, { className: string; text: string }>> = {
  disputed: { className: "verdict waiting", text: "‽ disputed" },
  revoked: { className: "verdict not-offered", text: "⊘ withdrawn" },
};

/** What stands beside a result that somebody has evidence against, or whose build was withdrawn; nothing beside any other. */
export function StandingNote({ standing }: { standing: Standing }) {
  if (standing === "valid") return null;
  const { className, text } = shown[standing];
  return <span class={className}>{text}</span>;
}

/** A result of an older suite than the present one. */
export function StaleNote({ stale }: { stale: boolean }) {
  return stale ? <span class="verdict waiting">⧗ stale: of an older suite</span> : null;
}

/** What was graded of a build whose halves speak an ABI of their vendor's own. */
export function PrivateAbiNote({ privateAbi }: { privateAbi: boolean }) {
  return privateAbi ? <span class="sub">private ABI: its own two halves together, no others</span> : null;
}
