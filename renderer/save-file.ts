/** Hands a file to the reader, as a download. */
import { tryFromBase64 } from '../core/base/bytes.ts'

export function saveFile(name: string, base64: string): void {
  const bytes = tryFromBase64(base64)
  if (bytes !== undefined) saveBlob(name, new Blob([bytes as BlobPart]))
}

/** A file of any size: the browser keeps the parts of a blob where it has room, and not all of them in memory. */
export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob.slice(0, blob.size, 'application/octet-stream'))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
