// A guide whose fenced blocks are executed in order. What a block is, the words after its three backticks say:
//   LANGUAGE FILE              the file of that name in the guide's folder
//   sh [exit=N] [needs=TOOL]   commands for bash, with that exit code; left out where the tool is missing
//   text                       what the commands before it print; `…` is any text in a line, alone in a line any lines

export type Step =
  | { kind: "file"; line: number; name: string; text: string }
  | { kind: "commands"; line: number; text: string; exit: number; needs: string | null; prints: string | null };

/** @throws Error naming the line of a block that is none of these */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = [];
  for (const block of markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
    const line = markdown.slice(0, block.index).split("\n").length;
    const [language = "", ...rest] = (block[1] ?? "").split(" ");
    const text = block[2] ?? "";
    const before = steps.at(-1);
    if (language === "sh") steps.push({ kind: "commands", line, text, prints: null, ...options(rest, line) });
    else if (language === "text" && before?.kind === "commands" && before.prints === null) before.prints = text;
    else if (rest.length === 1 && language !== "text") steps.push({ kind: "file", line, name: rest[0] ?? "", text });
    else throw new Error(`line ${line}: "${block[1]}" names no file, and is neither commands nor what they print`);
  }
  return steps;
}

function options(words: string[], line: number): { exit: number; needs: string | null } {
  const read = { exit: 0, needs: null as string | null };
  for (const word of words) {
    const [key, value = ""] = word.split("=");
    if (key === "exit") read.exit = Number(value);
    else if (key === "needs") read.needs = value;
    else throw new Error(`line ${line}: no option of commands is called "${word}"`);
  }
  return read;
}

/** First line of `shown` that `printed` does not have, in order; null if it has all of them and nothing else. */
export function mismatch(shown: string, printed: string): string | null {
  const lines = printed.trimEnd().split("\n");
  let at = 0;
  let skips = false;
  for (const line of shown.trimEnd().split("\n")) {
    if (line.trim() === "…") {
      skips = true;
      continue;
    }
    const pattern = new RegExp(`^${line.split("…").map(literal).join(".*")}$`);
    while (skips && at < lines.length && !pattern.test(lines[at] ?? "")) at += 1;
    if (!pattern.test(lines[at] ?? "")) return line;
    at += 1;
    skips = false;
  }
  return skips || at >= lines.length ? null : `the end, not: ${lines[at]}`;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
