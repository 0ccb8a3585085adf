import type { NodeGroup } from "./node-group.ts";

export interface BannerFacts {
  /** Of the front. */
  url: string;
  /** Where video is taken; null: nowhere. */
  rtmp: string | null;
  group: NodeGroup;
  /** Where the servers are. */
  env: Readonly<Record<string, string>>;
}

/** What a person sees when the cluster runs. */
export function banner({ url, rtmp, group, env }: BannerFacts): string {
  const rows = [...group.nodes].map(([name, { pid, port, logFile }]) => [
    name,
    String(pid),
    port > 0 ? `http://127.0.0.1:${port}` : "",
    logFile,
  ]);
  const variables = Object.entries(env).map(([name, value]) => `  ${name}=${value}`);
  const [victim] = group.of("push");
  return `
  A cluster of molimoli is running

  Web       ${url}/
  API docs  ${url}/docs${rtmp === null ? "" : `\n  RTMP      ${rtmp} (rest-1)`}

${table([["node", "process", "gateway", "log"], ...rows])}

  Kill one and watch what happens: open a room, keep it in view with

    npm run watch -- --url ${url} LIVE_ID

  and, while somebody talks, kill -9 ${group.node(victim ?? "").pid} (${victim}, which may own the room).
  It comes back by itself; "kill -STOP" and "kill -CONT" freeze a node for a while.

  For a shell of your own, the servers are

${variables.join("\n")}

  Ctrl-C stops everything.
`;
}

function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
