import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { root } from "./registry.ts";

/** The packaged Chromium is built for this platform alone. */
export const hasBrowser = process.platform === "linux" && process.arch === "x64";
export const browserReason = "needs Chromium, which npm has for linux-x64 only";

/** Named by the version, because the package takes what it finds there for its own. */
const folder = join(root, "node_modules/.cache/chromium-153");

/** Fonts that come with the package, and those of the machine. */
const fontConfig = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;

/** Starts the Chromium that npm installed; the first time it unpacks itself. */
export async function launchBrowser(): Promise<Browser> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "fonts.conf"), fontConfig);
  const before = { ...process.env };
  try {
    // The runtime's name makes the package bring its own NSS, which a bare machine lacks, and set where to find it.
    Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x", FONTCONFIG_PATH: folder });
    const { default: packaged } = await import("@sparticuz/chromium");
    const executablePath = await packaged.executablePath();
    return await chromium.launch({ executablePath, args: ["--no-sandbox"], env: { ...process.env } });
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
