import { describe, expect, it } from "vitest";
import { addressAllowed, fetchPublic, OutboundError } from "./outbound.ts";

describe("address rule", () => {
  it.each([
    "https://github.com/a/b",
    "https://example.org/x?y#z",
    "https://a.b.c.example.net./",
    "https://xn--bcher-kva.de/",
  ])("allows %s", (address) => expect(addressAllowed(address)).toBe(true));

  it.each([
    "",
    "/relative",
    "http://example.org/",
    "ftp://example.org/",
    "https://user@example.org/",
    "https://user:pass@example.org/",
    "https://example.org:8443/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1]/",
    "https://[2606:4700::1]/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://127.0.0.1.nip.io/",
    "https://router/",
    "https://①②⑦.0.0.1/",
  ])("refuses %s", (address) => expect(addressAllowed(address)).toBe(false));
});

describe("fetchPublic", () => {
  const answer = (response: Response) => (async () => response) as typeof fetch;

  it("returns the body", async () => {
    expect(await fetchPublic("https://example.org/", answer(new Response("abc")))).toEqual(
      new TextEncoder().encode("abc"),
    );
  });

  it("sends no credentials and follows no redirect", async () => {
    let seen: RequestInit | undefined;
    const door = (async (_: string, init: RequestInit) => {
      seen = init;
      return new Response(null, { status: 302, headers: { Location: "https://127.0.0.1/" } });
    }) as typeof fetch;
    await expect(fetchPublic("https://example.org/", door)).rejects.toThrow(/answered 302/);
    expect(seen?.redirect).toBe("manual");
    expect(Object.keys(seen?.headers ?? {})).toEqual(["User-Agent"]);
  });

  it("refuses before it fetches, and stops at the cap", async () => {
    const never = (() => expect.unreachable()) as unknown as typeof fetch;
    await expect(fetchPublic("https://10.0.0.1/", never)).rejects.toThrow(OutboundError);
    const long = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) });
    await expect(fetchPublic("https://example.org/", answer(new Response(long)))).rejects.toThrow(/larger than/);
  });
});
