/** Hands a file to the reader, as a download. */
import { tryFromBase64 } from '../core/base/bytes.ts'

export function saveFile(name: string, base64: string): void {
  const bytes = tryFromBase64(base64)
  if (bytes === undefined) return
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type: 'application/octet-stream' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
