/** What the process that takes RTMP is told. */
export type IngestOrder =
  | { kind: "listen"; port: number; host: string }
  /** Whether a session may publish. */
  | { kind: "answer"; session: string; accepted: boolean }
  | { kind: "cut"; session: string };

/** What that process tells. Sessions have names of their own in all of its lives. */
export type IngestNews =
  | { kind: "listening" }
  | { kind: "deaf"; code: string; message: string }
  /** Somebody wants to publish under that name; nothing of theirs is read until there is an answer. */
  | { kind: "wish"; session: string; name: string }
  /** The first picture has come in. */
  | { kind: "video"; session: string }
  /** The session of a wish is over. */
  | { kind: "left"; session: string }
  /** Why the process is about to end: an error's kind and where it was thrown, nothing of what came in. */
  | { kind: "fault"; error: string };
