import type { TestProject } from "vitest/node";
import { freePort, newStateFolder, removeStateFolder, startRegistry } from "./registry.ts";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    demoToken: string;
    /** Of the vendor of the reference builds. */
    parleyToken: string;
    mediatorToken: string;
    /** Where the registry looks for GitHub and its OIDC issuer: github.ts listens there. */
    githubPort: number;
  }
}

/** One registry for all files but the starter's own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const githubPort = await freePort();
  const github = `http://127.0.0.1:${githubPort}`;
  const variables = { OIDC_ISSUER: github, GITHUB_API: `${github}/api` };
  const registry = await startRegistry(newStateFolder(), { variables });
  project.provide("githubPort", githubPort);
  project.provide("mediatorToken", registry.mediatorToken);
  project.provide("url", registry.url);
  project.provide("demoToken", registry.tokens.demo);
  project.provide("parleyToken", registry.tokens.parley);
  return async () => {
    await registry.stop("SIGTERM", "npm");
    removeStateFolder(registry.stateFolder);
  };
}
