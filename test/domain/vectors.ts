/** The published vectors (test/vectors), and schemes for them. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const VECTORS = join(import.meta.dirname, '../vectors')

export function readVector(path: string): Buffer {
  return readFileSync(join(VECTORS, path))
}

export function vectorNames(folder: string): string[] {
  return readdirSync(join(VECTORS, folder)).sort()
}
