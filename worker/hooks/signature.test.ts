import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { fromBase64 } from "../identity/encoding.ts";
import { newSecret, readSignedHeaders, type SignedHeaders, verify } from "./signature.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Published vector of Standard Webhooks. */
const vector = {
  secret: fromBase64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") as Uint8Array<ArrayBuffer>,
  signed: {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: "1614265330",
    signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
  body: '{"test": 2432232314}',
  at: 1_614_265_330_000,
};

function check(change: Partial<SignedHeaders> = {}, body = vector.body, at = vector.at, secret = vector.secret) {
  return verify([secret], { ...vector.signed, ...change }, encode(body), at);
}

describe("Standard Webhooks signature", () => {
  it("accepts the published vector", async () => {
    await check();
  });

  it("accepts what the reference library signs", async () => {
    const secret = newSecret();
    const at = new Date(1_800_000_000_000);
    const signatures = new Webhook(secret.text).sign("msg_1", at, "body é");
    await verify([secret.bytes], { id: "msg_1", timestamp: "1800000000", signatures }, encode("body é"), at.getTime());
  });

  it("needs one match among several, and ignores other versions", async () => {
    await check({ signatures: `v1a,AAAA v1,AAAA v2,x ${vector.signed.signatures}` });
    await verify([newSecret().bytes, vector.secret], vector.signed, encode(vector.body), vector.at);
  });

  it.each([
    ["another id", () => check({ id: "msg_other" })],
    ["another timestamp", () => check({ timestamp: "1614265331" })],
    ["a body written anew", () => check({}, '{"test":2432232314}')],
    ["another secret", () => check({}, vector.body, vector.at, newSecret().bytes)],
    ["the signature under version v1a", () => check({ signatures: vector.signed.signatures.replace("v1,", "v1a,") })],
    ["a signature that is not base64", () => check({ signatures: "v1,***" })],
    ["a shortened signature", () => check({ signatures: "v1,g0hM" })],
  ])("refuses %s", async (_, refused) => {
    await expect(refused()).rejects.toMatchObject({ code: "signature-invalid", status: 401 });
  });

  it("accepts five minutes on either side and not a second more", async () => {
    for (const side of [-1, 1]) {
      await check({}, vector.body, vector.at + side * 300_000);
      await expect(check({}, vector.body, vector.at + side * 301_000)).rejects.toMatchObject({
        code: "signature-stale",
      });
    }
  });

  it("refuses a message without its headers", () => {
    const headers = { "webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" };
    expect(readSignedHeaders(new Headers(headers)).id).toBe("a");
    for (const name of Object.keys(headers)) {
      expect(() => readSignedHeaders(new Headers({ ...headers, [name]: "" })), name).toThrow(/webhook-id/);
    }
    expect(() => readSignedHeaders(new Headers({ ...headers, "webhook-timestamp": "1e9" }))).toThrow();
  });
});
