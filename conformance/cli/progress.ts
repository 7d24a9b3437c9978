/** Progress on stderr: a bar on a terminal, nothing elsewhere. */
import { stderr } from "node:process";
import { Presets, SingleBar } from "cli-progress";

export interface ProgressBar {
  update(done: number, caseId: string): void;
  stop(): void;
}

export function progressBar(total: number): ProgressBar {
  if (!stderr.isTTY) return { update() {}, stop() {} };
  const format = " {bar} {value}/{total} units  {caseId}";
  const bar = new SingleBar(
    { format, stream: stderr, hideCursor: true, clearOnComplete: true, fps: 20 },
    Presets.shades_classic,
  );
  bar.start(total, 0, { caseId: "booting" });
  return { update: (done, caseId) => bar.update(done, { caseId }), stop: () => bar.stop() };
}
