// A small GitHub on this machine, over real HTTP: an OIDC issuer with its key set, the address where a job asks for its token, and the
// part of the REST API that hooks pull from, whose downloads are sent on to a store.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const repository = { id: "2002", owner: "1001", name: "hvcorp/hv", workflow: "parley.yml" };
const REQUEST_TOKEN = "job-request-token";

export interface GitHub {
  url: string;
  /** What GitHub sets for a job that may ask for an OIDC token. */
  jobEnvironment: Record<string, string>;
  /** Paths asked for, with the credentials that came along. */
  requests: { path: string; authorization: string | null }[];
  /** Files of release 5, by name. */
  assets: Map<string, Uint8Array>;
  /** Where downloads of assets are sent on to; its own store unless a test names another place. */
  store: string | null;
  close(): Promise<void>;
}

/** @param port where it listens: the registry was told before */
export async function startGitHub(port: number): Promise<GitHub> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  const github = {
    requests: [] as GitHub["requests"],
    assets: new Map<string, Uint8Array>(),
    store: null as string | null,
  };
  const url = `http://127.0.0.1:${port}`;
  let count = 0;
  const token = (audience: string) =>
    new SignJWT({
      jti: `jti-${count++}`,
      repository: repository.name,
      repository_id: repository.id,
      repository_owner_id: repository.owner,
      ref: "refs/tags/v1",
      sha: "a".repeat(40),
      job_workflow_ref: `${repository.name}/.github/workflows/${repository.workflow}@refs/tags/v1`,
      event_name: "release",
      run_id: "7",
      run_attempt: "1",
      actor_id: "9",
      runner_environment: "github-hosted",
    })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setIssuer(url)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
  const names = () => [...github.assets.keys()];
  const routes: [RegExp, (match: RegExpExecArray, request: IncomingMessage, answer: ServerResponse) => unknown][] = [
    [/^\/\.well-known\/jwks$/, (_, __, answer) => json(answer, { keys: [jwk] })],
    [
      /^\/token\?.*audience=([^&]+)/,
      async ([, audience = ""], request, answer) =>
        request.headers.authorization === `bearer ${REQUEST_TOKEN}`
          ? json(answer, { value: await token(decodeURIComponent(audience)) })
          : answer.writeHead(401).end(),
    ],
    [
      /^\/api\/repositories\/2002\/releases\/5$/,
      (_, __, answer) => json(answer, { draft: false, assets: names().map((name, at) => ({ id: at + 51, name })) }),
    ],
    [
      /^\/api\/repositories\/2002\/releases\/assets\/(\d+)$/,
      ([, id], __, answer) =>
        answer.writeHead(302, { Location: `${github.store ?? `${url}/store`}/${id}?sig=s` }).end(),
    ],
    [/^\/store\/(\d+)\?sig=s$/, ([, id], __, answer) => answer.end(github.assets.get(names()[Number(id) - 51] ?? ""))],
  ];
  const server = createServer(async (request, answer) => {
    const path = request.url ?? "";
    github.requests.push({ path, authorization: request.headers.authorization ?? null });
    for (const [pattern, respond] of routes) {
      const match = pattern.exec(path);
      if (match) return void (await respond(match, request, answer));
    }
    answer.writeHead(404).end();
  });
  await listen(server, port);
  const jobEnvironment = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    GITHUB_RUN_ID: "7",
    GITHUB_RUN_ATTEMPT: "1",
  };
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return Object.assign(github, { url, jobEnvironment, close });
}

function json(answer: ServerResponse, value: unknown): void {
  answer.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
}
