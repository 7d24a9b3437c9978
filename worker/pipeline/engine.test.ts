import { afterEach, describe, expect, it, vi } from "vitest";
import { inTurn, noteRequest, theSuite, theVm } from "./engine.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the VM of an isolate", () => {
  it("is one, whoever asks", async () => {
    const [first, second] = await Promise.all([theVm(), theVm()]);
    expect(first).toBe(second);
    expect(await theSuite()).toBe(await theSuite());
  });
});

describe("shards", () => {
  it("take turns", async () => {
    const order: string[] = [];
    const shard = (name: string) =>
      inTurn(async (yieldNow) => {
        order.push(`${name} begins`);
        for (let slice = 0; slice < 8; slice++) await yieldNow();
        order.push(`${name} ends`);
      });
    await Promise.all([shard("a"), shard("b")]);
    expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  it("give the event loop a turn within six slices", async () => {
    await inTurn(async (yieldNow) => {
      let others = false;
      setTimeout(() => {
        others = true;
      }, 0);
      for (let slice = 0; slice < 6; slice++) await yieldNow();
      expect(others).toBe(true);
    });
  });

  it("give it one after every slice while a request is served", async () => {
    noteRequest();
    await inTurn(async (yieldNow) => {
      let others = false;
      setTimeout(() => {
        others = true;
      }, 0);
      await yieldNow();
      expect(others).toBe(true);
    });
  });

  it("let the next one in after one that failed", async () => {
    await expect(inTurn(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await inTurn(async () => 1)).toBe(1);
  });

  it("are passed over if their consumer was cut off, and not before", async () => {
    let end = () => {};
    const stuck = inTurn(() => new Promise<void>((resolve) => (end = resolve)));
    let entered = false;
    const next = inTurn(async () => {
      entered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(entered).toBe(false);
    const late = Date.now() + 10_001;
    vi.spyOn(Date, "now").mockImplementation(() => late);
    await next;
    expect(entered).toBe(true);
    end();
    await stuck;
  });
});
