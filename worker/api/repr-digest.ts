/** RFC 9530: `sha-256=:base64:`. */
export function reprDigest(digest: string): string {
  const hex = digest.slice("sha256:".length).match(/../g) ?? [];
  return `sha-256=:${btoa(String.fromCharCode(...hex.map((byte) => Number.parseInt(byte, 16))))}:`;
}
