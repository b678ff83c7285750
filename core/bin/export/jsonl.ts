/** JSON Lines: one entry on each line, as the log describes it, with its body and the note that was signed. */

import { presentBody, presentEntry } from '../../ledger/present.ts'
import type { ExportSource } from './source.ts'

export async function* jsonl({ entries }: ExportSource): AsyncGenerator<string> {
  for await (const entry of entries) {
    const note = new TextDecoder().decode(entry.note)
    yield `${JSON.stringify({ ...presentEntry(entry), body: presentBody(entry.transaction), note })}\n`
  }
}
