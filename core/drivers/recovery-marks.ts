/**
 * Which keys of a folder are on a recovery sheet, in `recovery.json` beside the vault, so that whoever has to be reminded is.
 *
 *   {"version":1,"due":["<public key in hex>", …],"kept":{"<public key in hex>":"2026-11-23T12:00:00.000Z", …}}
 *
 * due: the key was just made, and its sheet is offered before anything else; until it is kept, or put off. It is a memory and no
 * truth: where it is lost or damaged, people are reminded once more.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from './durable-file.ts'
import { exclusively } from './exclusive.ts'

const FILE = 'recovery.json'
const MAX_FILE_BYTES = 4 * 1024 * 1024

const publicKey = z.string().regex(/^[0-9a-f]{64}$/)
const form = z.strictObject({
  version: z.literal(1),
  due: z.array(publicKey),
  kept: z.record(publicKey, z.iso.datetime()),
})
type MarksFile = z.output<typeof form>

const NOTHING: MarksFile = { version: 1, due: [], kept: {} }

/** What is known of a key's sheet: `due` to be offered at once, `missing`, or `kept`. */
export type SheetState = 'due' | 'missing' | 'kept'

/** What is known of the sheets of a folder's keys, by public key in hex. */
export function readMarks(dir: string): (publicKey: string) => SheetState {
  const { due, kept } = readFile(join(dir, FILE))
  const [dues, keeps] = [new Set(due), new Map(Object.entries(kept))]
  return (key) => (keeps.has(key) ? 'kept' : dues.has(key) ? 'due' : 'missing')
}

/** Says of keys that their sheet is due, was put off (`missing`), or is kept since a time. */
export function markSheets(dir: string, publicKeys: readonly string[], state: SheetState, time: Date): void {
  if (publicKeys.length === 0) return
  const path = join(dir, FILE)
  const given = new Set(publicKeys)
  exclusively(path, () => {
    const { due, kept } = readFile(path)
    const others = due.filter((key) => !given.has(key))
    const isKept = state === 'kept' ? Object.fromEntries(publicKeys.map((key) => [key, time.toISOString()])) : {}
    const next: MarksFile = { version: 1, due: state === 'due' ? [...others, ...given] : others, kept: { ...kept, ...isKept } }
    writeDurably(path, `${JSON.stringify(next, undefined, 1)}\n`)
  })
}

function readFile(path: string): MarksFile {
  if (!existsSync(path)) return NOTHING
  const bytes = readFileSync(path)
  if (bytes.length > MAX_FILE_BYTES) return NOTHING
  try {
    return form.catch(NOTHING).parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    return NOTHING
  }
}
