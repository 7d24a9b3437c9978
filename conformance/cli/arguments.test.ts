import { describe, expect, it } from "vitest";
import { parseTestArguments } from "./arguments.ts";

describe("arguments of parley test", () => {
  it("are a directory and options", () => {
    expect(parseTestArguments(["dir", "--json", "--shards", "7", "--case", "a", "--case", "b"])).toEqual({
      directory: "dir",
      pairedWith: null,
      json: true,
      costs: false,
      cases: ["a", "b"],
      schedule: null,
      pairing: null,
      deep: false,
      seed: null,
      shards: 7,
    });
    expect(parseTestArguments(["--case=a", "--schedule=1-3:S1", "--pairing=own", "dir"])).toMatchObject({
      schedule: "1-3:S1",
      pairing: "own",
    });
  });

  it("name two builds for a pair", () => {
    expect(parseTestArguments(["--pair", "guest", "host", "--json"])).toMatchObject({
      directory: "guest",
      pairedWith: "host",
      json: true,
    });
  });

  it.each([
    ["no directory", [], "directory"],
    ["two directories", ["a", "b"], "one directory"],
    ["an unknown option", ["a", "--fast"], "--fast"],
    ["a schedule without a case", ["a", "--schedule", "1-"], "--case"],
    ["a pairing without a schedule", ["a", "--pairing", "own"], "--schedule"],
    ["a short seed", ["a", "--seed", "ab"], "--seed"],
    ["a seed for one case", ["a", "--seed", "0".repeat(64), "--case", "b"], "--seed"],
    ["a deep search as a report", ["a", "--deep", "--json"], "--deep"],
    ["a deep search of one schedule", ["a", "--deep", "--case", "b", "--schedule", "1-"], "--deep"],
    ["a pair of one", ["--pair", "a"], "two directories"],
    ["a pair of three", ["--pair", "a", "b", "c"], "one directory"],
    ["costs in words and as JSON", ["a", "--costs", "--json"], "--costs"],
    ["no shards", ["a", "--shards", "0"], "--shards"],
    ["shards in words", ["a", "--shards", "1e3"], "--shards"],
  ])("are refused: %s", (_, words, named) => {
    expect(() => parseTestArguments(words)).toThrow(
      expect.objectContaining({ name: "UsageError", message: expect.stringContaining(named) }),
    );
  });
});
