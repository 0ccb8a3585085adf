/** One part of a multipart form; with a file name or as a Buffer it is a file. */
export interface Part {
  name?: string;
  value: string | Buffer;
  fileName?: string;
  type?: string;
}

export const BOUNDARY = "----molimoli-upload-test";

/** A multipart body, with the Content-Type that goes with it. */
export function multipart(parts: readonly Part[]): { body: Buffer; type: string } {
  const pieces = parts.flatMap((part) => [partHead(part), Buffer.from(part.value), CRLF]);
  return { body: Buffer.concat([...pieces, closing()]), type: multipartType };
}

export const multipartType = `multipart/form-data; boundary=${BOUNDARY}`;

const CRLF = Buffer.from("\r\n");

/** What comes before the content of a part. */
export function partHead({ name, value, fileName, type }: Part): Buffer {
  const isFile = fileName !== undefined || Buffer.isBuffer(value);
  const disposition = [
    "form-data",
    ...(name === undefined ? [] : [`name="${name}"`]),
    ...(isFile ? [`filename="${fileName ?? "file"}"`] : []),
  ].join("; ");
  const typed = isFile ? `Content-Type: ${type ?? "application/octet-stream"}\r\n` : "";
  return Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\n${typed}\r\n`);
}

/** What ends the whole body. */
export function closing(): Buffer {
  return Buffer.from(`--${BOUNDARY}--\r\n`);
}
