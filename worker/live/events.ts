// Server-sent events of one run. Each event holds the whole state, so that a lost one costs nothing:
//   retry: 1000 ⏎⏎   event: state ⏎ data: {Progress} ⏎⏎   …   id: end ⏎ event: end ⏎ data: {Progress} ⏎⏎
import { isFinal } from "../pipeline/states.ts";
import type { Progress } from "./progress.ts";

/** What a browser sends back as Last-Event-ID when it reconnects after the end. */
export const END_ID = "end";

/** How long a client waits before it reconnects. */
export const PREAMBLE = "retry: 1000\n\n";

/** Keeps proxies from taking a quiet stream for a dead one. */
export const HEARTBEAT = ": still here\n\n";

export function eventText(progress: Progress): string {
  const data = `data: ${JSON.stringify(progress)}\n\n`;
  return isFinal(progress.state) ? `id: ${END_ID}\nevent: end\n${data}` : `event: state\n${data}`;
}
