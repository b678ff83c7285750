/**
 * What a mirror holds of the log that it follows: the checkpoint whose entries it has, and the newest that the log has shown. As
 * in a guard, nothing else can tell what these should be, so the row carries a digest, verified whenever it is read:
 *
 *   SHA-256(length of the checkpoint in decimal, a newline, the checkpoint, what was shown; each empty where there is none)
 */

import { concatBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import { sha256 } from '../sha256.ts'
import { type Database, MIRROR } from './database.ts'
import { damaged } from './errors.ts'
import type { mirror } from './schema.ts'
import { bytesOf } from './values.ts'

export interface Memory {
  readonly checkpoint?: Uint8Array
  readonly shown?: Uint8Array
}

const NOTHING = new Uint8Array()

export class Mirror {
  readonly database: Database
  readonly #memory

  constructor(database: Database) {
    this.database = database
    this.#memory = database.prepare<[], typeof mirror.$inferSelect>('SELECT one, checkpoint, shown, digest FROM mirror LIMIT 2')
  }

  /** Reads the one row. */
  memory(): Memory {
    const [row, second] = this.#memory.all()
    if (row?.one !== 1n || second !== undefined) throw damaged(MIRROR.file, 'what it holds is not one row')
    const memory = {
      ...(row.checkpoint !== null && { checkpoint: bytesOf(MIRROR, row.checkpoint, 'the checkpoint') }),
      ...(row.shown !== null && { shown: bytesOf(MIRROR, row.shown, 'the checkpoint that was shown') }),
    }
    if (!equalBytes(digestOf(memory), bytesOf(MIRROR, row.digest, 'its digest')))
      throw damaged(MIRROR.file, 'it was changed: its digest is another')
    return memory
  }
}

/** The same with what changes it. Each change is on the disk when it returns. */
export class MirrorHeads extends Mirror {
  readonly put

  constructor(database: Database) {
    super(database)
    this.put = preparePut(database)
  }

  /** What was shown becomes the checkpoint. */
  cover(): void {
    const { shown } = this.memory()
    if (shown === undefined) throw damaged(MIRROR.file, 'no checkpoint was shown yet')
    this.put({ checkpoint: shown, shown })
  }
}

/** Writes the first row of a mirror that holds nothing yet. */
export function fillMirror(database: Database): void {
  preparePut(database)({})
}

function preparePut(database: Database): (memory: Memory) => void {
  const put = database.prepare<[Uint8Array | null, Uint8Array | null, Uint8Array]>(
    `INSERT INTO mirror (one, checkpoint, shown, digest) VALUES (1, ?, ?, ?)
     ON CONFLICT DO UPDATE SET checkpoint = excluded.checkpoint, shown = excluded.shown, digest = excluded.digest`,
  )
  return (memory) => void put.run(memory.checkpoint ?? null, memory.shown ?? null, digestOf(memory))
}

function digestOf({ checkpoint = NOTHING, shown = NOTHING }: Memory): Uint8Array {
  return sha256(concatBytes(utf8(`${checkpoint.length}\n`), checkpoint, shown))
}
