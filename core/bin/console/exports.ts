/**
 * Exports on their way to the page: each is a file in a folder of its own, which only this user can read, from when it is begun
 * until it is let go.
 */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExportedFile, ExportFormat } from '../../api/host.ts'
import { Failure } from '../failure.ts'
import { aside } from './aside.ts'

/** Under way at a time, over all pages. */
const MAX_EXPORTS = 2

const ENDINGS: Record<ExportFormat, string> = {
  tiles: 'tiles.tar',
  jsonl: 'jsonl',
  csv: 'csv',
  hledger: 'journal',
  beancount: 'beancount',
}

interface Exporting {
  readonly dir: string
  readonly origin: string
  readonly format: ExportFormat
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
}

export class Exports {
  readonly #folders = new Map<string, string>()
  readonly #files = new Map<string, FileHandle>()

  /** With the signal it ends, or is let go. */
  async make({ dir, origin, format, signal, progress }: Exporting): Promise<ExportedFile> {
    if (this.#folders.size === MAX_EXPORTS) throw new Failure('busy', 'Another export is under way: let it end first.')
    const id = randomBytes(16).toString('hex')
    const folder = mkdtempSync(join(tmpdir(), 'nimledger-export-'))
    this.#folders.set(id, folder)
    const release = () => this.#release(id)
    try {
      const file = join(folder, 'export')
      const made = await aside('exportLog', { dir, format, file }, { signal, progress })
      this.#files.set(id, await open(file, 'r'))
      signal.addEventListener('abort', () => void release())
      return { id, name: `${origin.replaceAll('/', '-')}-${made.entries}.${ENDINGS[format]}`, ...made, release }
    } catch (error) {
      await release()
      throw error
    }
  }

  async read(id: string, from: number, lengthBytes: number): Promise<Uint8Array> {
    const handle = this.#files.get(id)
    if (handle === undefined) throw new Failure('usage', 'This export is not there any more: begin anew.')
    const { buffer, bytesRead } = await handle.read(new Uint8Array(lengthBytes), 0, lengthBytes, from)
    return buffer.subarray(0, bytesRead)
  }

  async #release(id: string): Promise<void> {
    const [folder, file] = [this.#folders.get(id), this.#files.get(id)]
    this.#folders.delete(id)
    this.#files.delete(id)
    await file?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}
