/** The kinds of file that are taken, by the extension they are stored with. */
export const containers = {
  mp4: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
} as const;
export type Container = keyof typeof containers;

/** Bytes from the beginning of a file that {@link containerOf} looks at. */
export const HEAD_BYTES = 4096;

/** Boxes that a QuickTime file from before there was `ftyp` may begin with. */
const OLD_QUICKTIME = new Set(["moov", "mdat", "wide", "free", "skip", "pnot"]);
/** ISO files that hold still pictures. */
const PICTURES = new Set(["heic", "heix", "heim", "heis", "mif1", "msf1", "avif", "avis", "crx "]);
const EBML = 0x1a45dfa3;

/**
 * Which kind of video a file says it is, by its first bytes (ISO/IEC 14496-12 for MP4 and MOV, RFC
 * 8794 for WebM); its name and the type that the client gave it are no evidence. Null for all else.
 */
export function containerOf(head: Buffer): Container | null {
  if (head.length < 12) return null;
  if (head.readUInt32BE(0) === EBML) return docType(head) === "webm" ? "webm" : null;
  const box = head.toString("latin1", 4, 8);
  if (OLD_QUICKTIME.has(box)) return "mov";
  if (box !== "ftyp") return null;
  const brand = head.toString("latin1", 8, 12);
  if (PICTURES.has(brand)) return null;
  return brand === "qt  " ? "mov" : "mp4";
}

/** The EBML header's DocType (element 0x4282): `webm`, `matroska`, … */
function docType(head: Buffer): string | null {
  const at = head.subarray(0, 64).indexOf(Buffer.from([0x42, 0x82]));
  if (at === -1) return null;
  const length = (head[at + 2] ?? 0) & 0x7f;
  return head.toString("latin1", at + 3, at + 3 + length);
}
