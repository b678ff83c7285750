/**
 * A tar archive of files, in the form of POSIX.1-1988 (ustar), which every system unpacks: for each file a header of 512 bytes
 * and its bytes, filled up with zeros to a multiple of 512; two blocks of zeros at the end. A header has, from each place on:
 *
 *     0 name · 100 mode · 108 uid · 116 gid · 124 size · 136 mtime · 148 checksum · 156 type · 257 "ustar\0" "00"
 *
 * Numbers are octal digits. The checksum is the sum of the header's bytes, its own field taken as spaces.
 */

import { assert } from '../../base/assert.ts'
import { utf8 } from '../../base/bytes.ts'
import type { Seconds } from '../../domain/time.ts'

const BLOCK_BYTES = 512
const NAME_BYTES = 100
const MAX_FILE_BYTES = 0o77777777777
const CHECKSUM = { at: 148, digits: 6 }

interface ArchivedFile {
  /** Relative, with slashes, of at most 100 bytes. */
  readonly path: string
  readonly bytes: Uint8Array
}

export async function* tar(files: AsyncIterable<ArchivedFile>, modified: Seconds): AsyncGenerator<Uint8Array> {
  for await (const { path, bytes } of files) {
    yield header(path, bytes.length, modified)
    yield bytes
    yield new Uint8Array(-bytes.length & (BLOCK_BYTES - 1))
  }
  yield new Uint8Array(2 * BLOCK_BYTES)
}

function header(path: string, size: number, modified: Seconds): Uint8Array {
  const name = utf8(path)
  assert(name.length <= NAME_BYTES && size <= MAX_FILE_BYTES, 'a file of the archive has a short path and less than 8 GiB')
  const block = new Uint8Array(BLOCK_BYTES)
  const put = (at: number, text: string) => block.set(utf8(text), at)
  block.set(name)
  put(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(modified, 11)}\0`)
  put(CHECKSUM.at, '        0')
  put(257, 'ustar\x0000')
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(CHECKSUM.at, `${octal(sum, CHECKSUM.digits)}\0 `)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
