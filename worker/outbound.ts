// The one door out. Only https to public hosts on the default port; redirects are refused; bytes and time are capped.
import { reasonOf } from "./db/client.ts";
import { OUTBOUND_BODY_MAX_BYTES, OUTBOUND_TIMEOUT_MS, REDIRECTS_MAX } from "./limits.ts";

/** Why an address may not be fetched, or null if it may. Pure; hosts are what `URL` makes of them (decimal IPs become dotted). */
export function addressRefusal(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return "it is not an absolute URL";
  }
  if (url.protocol !== "https:") return "only https is fetched";
  if (url.username || url.password) return "it carries a user name or password";
  if (url.port !== "") return "only the default port is fetched";
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host))
    return "the host is an IP address; a public name is needed";
  if (!host.includes(".")) return "the host has no dot, so that it is a local name";
  if (localSuffixes.some((suffix) => host.endsWith(suffix))) return "the host is a local name";
  return null;
}

/** The rule as a predicate. */
export function addressAllowed(address: string): boolean {
  return addressRefusal(address) === null;
}

/** Names that RFC 6761, RFC 8375 and custom keep for local networks, and resolvers that answer with an embedded address. */
const localSuffixes = [
  ".localhost",
  ".local",
  ".localdomain",
  ".internal",
  ".intranet",
  ".lan",
  ".home.arpa",
  ".in-addr.arpa",
  ".ip6.arpa",
  ".test",
  ".invalid",
  ".example",
  ".onion",
  ".nip.io",
  ".sslip.io",
  ".localtest.me",
];

/** A fetch that the rule refused, or that broke a cap. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
}

/**
 * Fetches an address that somebody else named: no credentials, no redirects.
 * @returns the body, at most `maxBytes`
 * @throws OutboundError
 */
export async function fetchPublic(
  address: string,
  door: typeof fetch = fetch,
  maxBytes: number = OUTBOUND_BODY_MAX_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const refusal = addressRefusal(address);
  if (refusal) throw new OutboundError(`${address} is not fetched: ${refusal}. Name a public https address.`);
  return fetchConfigured(address, door, maxBytes);
}

/** The same for an address that the operator configured: it may be local, the caps hold. @throws OutboundError */
export async function fetchConfigured(
  address: string,
  door: typeof fetch = fetch,
  maxBytes: number = OUTBOUND_BODY_MAX_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await reach(address, door);
  if (response.status !== 200) {
    throw new OutboundError(`${address} answered ${response.status}; only 200 is taken, redirects are not followed.`);
  }
  return readWithin(response, address, maxBytes);
}

/** What a fetch may carry besides its address. */
export interface Reach {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function reach(address: string, door: typeof fetch, { headers, signal }: Reach = {}): Promise<Response> {
  const init: RequestInit = {
    redirect: "manual",
    signal: signal ?? AbortSignal.timeout(OUTBOUND_TIMEOUT_MS),
    headers: { "User-Agent": "parley-registry", ...headers },
  };
  try {
    return await door(address, init);
  } catch (error) {
    throw new OutboundError(`${address} does not answer: ${reasonOf(error)}`);
  }
}

/**
 * Fetches from a configured service that may send on to its storage. Every hop after the first must be a public address, or one of the
 * service's own origin (GitHub Enterprise Server keeps artefacts itself), and gets no credentials. @throws OutboundError
 */
export async function fetchFollowing(
  address: string,
  maxBytes: number,
  { headers = {}, signal }: Reach,
): Promise<Uint8Array<ArrayBuffer>> {
  let response = await reach(address, fetch, { headers, ...(signal ? { signal } : {}) });
  let at = address;
  for (let hop = 0; hop < REDIRECTS_MAX && response.status >= 300 && response.status < 400; hop++) {
    const next = response.headers.get("Location") ?? "";
    await response.body?.cancel();
    const refusal = isOf(next, address) ? null : addressRefusal(next);
    if (refusal) throw new OutboundError(`${hostOf(at)} sends on to an address that is not fetched: ${refusal}.`);
    at = next;
    response = await reach(next, fetch, signal ? { signal } : {});
  }
  if (response.status !== 200) throw new OutboundError(`${hostOf(at)} answered ${response.status}; only 200 is taken.`);
  return readWithin(response, hostOf(at), maxBytes);
}

function isOf(address: string, service: string): boolean {
  return URL.canParse(address) && new URL(address).origin === new URL(service).origin;
}

/** Storage addresses carry a signature in their query, which messages must not show. */
function hostOf(address: string): string {
  return new URL(address).host;
}

/** A body that stops, or that is slow beyond the time cap, is an error of the address and not of ours. */
async function readWithin(response: Response, address: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readCapped(response.body, maxBytes, () => {
      throw new OutboundError(`${address} is larger than ${maxBytes} bytes.`);
    });
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    throw new OutboundError(`${address} broke off: ${reasonOf(error)}`);
  }
}

/**
 * Reads a stream and calls `tooLarge`, which throws, at the first byte above the cap. A stream that has not ended after `maxMs` is
 * cancelled: what came until then is all. @returns the bytes
 */
export async function readCapped(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  tooLarge: () => never,
  maxMs?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream?.getReader();
  const timer = maxMs === undefined ? undefined : setTimeout(() => void reader?.cancel(), maxMs);
  try {
    return await readAll(reader, maxBytes, tooLarge);
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  maxBytes: number,
  tooLarge: () => never,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
    size += step.value.length;
    if (size > maxBytes) {
      await reader?.cancel();
      tooLarge();
    }
    chunks.push(step.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
